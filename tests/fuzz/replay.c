/* replay.c - runs a target on each file of the folders named. An absent folder holds nothing. */
#include <dirent.h>
#include "fuzz.h"

static void run(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    enum { MOST = 4 << 20 };
    uint8_t *data = malloc(MOST);
    size_t size = data ? fread(data, 1, MOST, file) : 0;
    uint8_t *exact = malloc(size + !size); /* so that a sanitizer sees reads past its end */
    fclose(file);
    if (!exact)
        abort();
    printf("%s\n", path);
    fflush(stdout);
    if (size)
        memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(data);
}

int main(int argc, char **argv)
{
    int inputs = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent *x;
        DIR *folder = opendir(argv[i]);
        if (!folder)
            continue;
        while ((x = readdir(folder))) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], x->d_name);
            if (x->d_name[0] != '.') {
                run(path);
                inputs++;
            }
        }
        closedir(folder);
    }
    printf("%d inputs\n", inputs);
    return inputs ? 0 : 1; /* nothing was tested */
}
