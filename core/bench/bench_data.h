/* bench_data.h - pictures to be read when there are none: as slow to decode as photos. */
#ifndef IL_BENCH_DATA_H
#define IL_BENCH_DATA_H

#include <inpaintlab/error.h>

/* Writes FOLDER/<split>/<id>.realfake.webp and .mask.webp, lossless, size x size; the folder must exist. Equal arguments
 * give equal files. */
int il_bench_data_write(const char *folder, int size, int train, int validation, il_err *e);

/* Removes a folder that il_bench_data_write or a training filled, and its folders; other files keep it. */
void il_bench_data_remove(const char *folder);

#endif
