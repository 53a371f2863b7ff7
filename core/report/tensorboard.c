/* tensorboard.c - TensorBoard's event files: scalars by step. A file is a row of TFRecords: the length (8 bytes), its masked
 * CRC-32C, the bytes, their masked CRC-32C, all little-endian; each holds a protobuf message `Event`
 * (tensorflow/core/util/event.proto). */
#include <string.h>
#include "report/tensorboard.h"

enum { LONGEST_TAG = 400, LONGEST = LONGEST_TAG + 100 };

uint32_t il_tensorboard_crc(const void *data, size_t size)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (const unsigned char *p = data; size--; p++) {
        crc ^= *p;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

struct message {
    unsigned char bytes[LONGEST];
    size_t size;
};

static void put_fixed(struct message *m, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        m->bytes[m->size++] = (unsigned char)(value >> 8 * i);
}

static void put_varint(struct message *m, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        m->bytes[m->size++] = (unsigned char)(value | 0x80);
    m->bytes[m->size++] = (unsigned char)value;
}

/* A field's number and wire type (0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes). */
static void put_key(struct message *m, int field, int wire)
{
    put_varint(m, (uint64_t)(field << 3 | wire));
}

static void put_bytes(struct message *m, int field, const void *data, size_t size)
{
    put_key(m, field, 2);
    put_varint(m, size);
    memcpy(m->bytes + m->size, data, size);
    m->size += size;
}

static void put_double(struct message *m, int field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(m, field, 1);
    put_fixed(m, bits, 8);
}

static uint32_t masked(const void *data, size_t size)
{
    uint32_t crc = il_tensorboard_crc(data, size);
    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

static void write_record(FILE *to, const struct message *m)
{
    struct message head = { .size = 0 }, tail = { .size = 0 };
    put_fixed(&head, m->size, 8);
    put_fixed(&head, masked(head.bytes, 8), 4);
    put_fixed(&tail, masked(m->bytes, m->size), 4);
    fwrite(head.bytes, 1, head.size, to);
    fwrite(m->bytes, 1, m->size, to);
    fwrite(tail.bytes, 1, tail.size, to);
}

void il_tensorboard_begin(FILE *to, double time)
{
    static const char version[] = "brain.Event:2";
    struct message m = { .size = 0 };
    put_double(&m, 1, time);
    put_bytes(&m, 3, version, sizeof version - 1);
    write_record(to, &m);
}

/* Event: 1 wall_time, 2 step, 5 summary; Summary: 1 value; Value: 1 tag, 2 simple_value. */
void il_tensorboard_scalar(FILE *to, double time, int64_t step, const char *tag, double value)
{
    struct message event = { .size = 0 }, summary = { .size = 0 }, one = { .size = 0 };
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    put_bytes(&one, 1, tag, strnlen(tag, LONGEST_TAG));
    put_key(&one, 2, 5);
    put_fixed(&one, bits, 4);
    put_bytes(&summary, 1, one.bytes, one.size);
    put_double(&event, 1, time);
    if (step != 0) { /* protobuf leaves zeros out */
        put_key(&event, 2, 0);
        put_varint(&event, (uint64_t)step);
    }
    put_bytes(&event, 5, summary.bytes, summary.size);
    write_record(to, &event);
}
