/* test_tensorboard.c - event files, byte by byte beside those of the Python package tensorboard. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/tensorboard.h"

static json_t *figures(void)
{
    json_error_t why;
    json_t *f = json_load_file(TEST_DATA "/events/figures.json", 0, &why);
    cr_assert_not_null(f, "%s:%d: %s", why.source, why.line, why.text);
    return f;
}

Test(events, crc_of_castagnoli)
{
    json_t *f = figures(), *pair;
    size_t i;
    json_array_foreach(json_object_get(f, "crc"), i, pair)
    {
        const char *text = json_string_value(json_array_get(pair, 0));
        cr_expect_eq(il_tensorboard_crc(text, strlen(text)), (uint32_t)json_integer_value(json_array_get(pair, 1)),
                     "%s", text);
    }
    cr_assert_eq(i, 4);
    json_decref(f);
}

Test(events, files_have_the_same_bytes)
{
    json_t *f = figures(), *one;
    char *bytes = NULL;
    size_t size = 0, i;
    FILE *to = open_memstream(&bytes, &size);
    cr_assert_not_null(to);
    il_tensorboard_begin(to, json_real_value(json_object_get(f, "start")));
    json_array_foreach(json_object_get(f, "scalars"), i, one)
        il_tensorboard_scalar(to, json_real_value(json_array_get(one, 0)), json_integer_value(json_array_get(one, 1)),
                              json_string_value(json_array_get(one, 2)), json_real_value(json_array_get(one, 3)));
    cr_assert_eq(fclose(to), 0);
    const char *wanted = json_string_value(json_object_get(f, "file"));
    cr_assert_eq(2 * size, strlen(wanted), "%zu bytes, expected %zu", size, strlen(wanted) / 2);
    for (i = 0; i < size; i++) {
        char pair[3] = { wanted[2 * i], wanted[2 * i + 1], '\0' };
        cr_assert_eq((unsigned char)bytes[i], strtoul(pair, NULL, 16), "byte %zu", i);
    }
    free(bytes);
    json_decref(f);
}

Test(events, long_tags_are_cut)
{
    char *bytes = NULL, tag[2000];
    size_t size = 0;
    FILE *to = open_memstream(&bytes, &size);
    cr_assert_not_null(to);
    memset(tag, 'x', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    il_tensorboard_scalar(to, 1, 1, tag, 1);
    cr_assert_eq(fclose(to), 0);
    cr_assert(size > 400 && size < 500, "%zu bytes", size);
    free(bytes);
}
