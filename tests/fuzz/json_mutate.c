/* json_mutate.c - one or a few changes of a JSON tree: values replaced by others of the same text, members removed, doubled, swapped,
 * numbers and texts exchanged. */
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include "json_mutate.h"

struct dice {
    uint64_t state;
    const char *const *words;
    size_t count;
};

static size_t roll(struct dice *d, size_t sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return sides ? (size_t)(d->state >> 33) % sides : 0;
}

/* ---- places ---- */

/* Where a value stands: in an object by key, or in an array by index. */
struct place {
    json_t *parent, *value;
    const char *key;
    size_t index;
};

/* Visits all places below v; the one of number *left is put into *out. */
static void find(struct place *out, json_t *v, size_t *left)
{
    const char *key;
    size_t i;
    json_t *x;
    if (json_is_object(v)) {
        json_object_foreach(v, key, x)
        {
            if ((*left)-- == 0)
                *out = (struct place){ v, x, key, 0 };
            find(out, x, left);
        }
    } else {
        json_array_foreach(v, i, x)
        {
            if ((*left)-- == 0)
                *out = (struct place){ v, x, NULL, i };
            find(out, x, left);
        }
    }
}

static size_t count_places(const json_t *v)
{
    const char *key;
    size_t i, sum = 0;
    json_t *x;
    if (json_is_object(v)) {
        json_object_foreach((json_t *)v, key, x) sum += 1 + count_places(x);
    } else {
        json_array_foreach(v, i, x) sum += 1 + count_places(x);
    }
    return sum;
}

/* The tree is not empty. */
static struct place any_place(json_t *root, struct dice *d)
{
    struct place p = { 0 };
    size_t n = roll(d, count_places(root));
    find(&p, root, &n);
    return p;
}

/* Takes value over. */
static void put(const struct place *p, json_t *value)
{
    if (p->key)
        json_object_set_new(p->parent, p->key, value);
    else
        json_array_set_new(p->parent, p->index, value);
}

/* ---- changes ---- */

static json_t *another_number(const json_t *old, struct dice *d)
{
    static const json_int_t often[] = { -1,        0,        1,  2,     3,       4,         7,
                                        8,         16,       64, 65536, 1 << 30, INT32_MAX, INT64_C(1) << 40,
                                        INT64_MAX, INT64_MIN };
    static const double reals[] = { 0, -0.0, 0.5, 1e-5, -1, 1e30, 1e308 };
    size_t kind = roll(d, 4);
    if (kind == 0 && json_is_integer(old) && json_integer_value(old) < INT32_MAX)
        return json_integer(json_integer_value(old) + 1);
    if (kind == 1)
        return json_real(reals[roll(d, sizeof reals / sizeof *reals)]);
    return json_integer(often[roll(d, sizeof often / sizeof *often)]);
}

/* A value of the same type elsewhere in the text, if one is met soon. */
static json_t *donated(json_t *root, const json_t *old, struct dice *d)
{
    struct place from = any_place(root, d);
    for (int tries = 0; tries < 8 && json_typeof(from.value) != json_typeof(old); tries++)
        from = any_place(root, d);
    return json_deep_copy(from.value);
}

static void rename_key(const struct place *p, struct dice *d)
{
    const char *word = d->words[roll(d, d->count)];
    json_t *value = json_incref(p->value);
    json_object_del(p->parent, p->key);
    json_object_set_new(p->parent, word, value);
}

static void change(json_t *root, struct dice *d)
{
    struct place p = any_place(root, d);
    switch (roll(d, 7)) {
    case 0:
        if (p.key)
            json_object_del(p.parent, p.key);
        else
            json_array_remove(p.parent, p.index);
        return;
    case 1:
        if (!p.key)
            json_array_insert_new(p.parent, roll(d, json_array_size(p.parent) + 1), json_deep_copy(p.value));
        else if (d->count)
            rename_key(&p, d);
        return;
    case 2:
        if (!p.key && json_array_size(p.parent) > 1) {
            size_t other = roll(d, json_array_size(p.parent));
            json_t *moved = json_incref(p.value);
            json_array_remove(p.parent, p.index);
            json_array_insert_new(p.parent, other < json_array_size(p.parent) ? other : 0, moved);
            return;
        }
        break;
    case 3:
        if (json_is_string(p.value) && d->count) {
            put(&p, json_string(d->words[roll(d, d->count)]));
            return;
        }
        break;
    case 4:
    case 5:
        if (json_is_number(p.value)) {
            put(&p, another_number(p.value, d));
            return;
        }
        break;
    default: break;
    }
    put(&p, donated(root, p.value, d));
}

size_t json_mutate(uint8_t *data, size_t size, size_t most, unsigned seed, const char *const *words, size_t count)
{
    struct dice d = { seed, words, count };
    json_t *root = json_loadb((const char *)data, size, 0, NULL);
    size_t length = 0;
    for (size_t n = 1 + roll(&d, 3); root && n > 0 && count_places(root) > 0; n--)
        change(root, &d);
    if (root)
        length = json_dumpb(root, (char *)data, most, JSON_COMPACT);
    json_decref(root);
    return length <= most ? length : 0;
}
