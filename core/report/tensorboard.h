/* tensorboard.h - TensorBoard's event files: scalars by step. */
#ifndef IL_REPORT_TENSORBOARD_H
#define IL_REPORT_TENSORBOARD_H

#include <stdint.h>
#include <stdio.h>

/* The first record of a file. time: seconds since 1970. */
void il_tensorboard_begin(FILE *to, double time);

/* One value; step is drawn on the horizontal axis. */
void il_tensorboard_scalar(FILE *to, double time, int64_t step, const char *tag, double value);

/* CRC-32C (Castagnoli). */
uint32_t il_tensorboard_crc(const void *data, size_t size);

#endif
