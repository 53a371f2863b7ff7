/* bench_data.h - generated images for the benchmark, as slow to decode as photos. */
#ifndef IL_BENCH_BENCH_DATA_H
#define IL_BENCH_BENCH_DATA_H

#include <inpaintlab/error.h>

/* Writes FOLDER/<split>/<id>.realfake.webp and .mask.webp, lossless, size x size; the folder must exist. Equal arguments
 * give equal files. */
int il_bench_data_write(const char *folder, int size, int train, int validation, il_err *e);

/* Removes a folder filled by il_bench_data_write or a training, and its folders; a folder with other files stays. */
void il_bench_data_remove(const char *folder);

#endif
