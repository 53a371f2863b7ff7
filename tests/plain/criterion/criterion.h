/* criterion.h - what tests/support and the like need of Criterion, for test programs that cannot run under it: its forks
 * and signal handlers would get in the way of ThreadSanitizer, and its allocations in the way of those that fail. */
#ifndef PLAIN_CRITERION_H
#define PLAIN_CRITERION_H

#pragma GCC system_header /* macros without variable arguments, as Criterion allows them */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void plain_assert(const char *file, int line, const char *what, bool good, const char *format, ...)
{
    if (good)
        return;
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: %s%s", file, line, what, format && *format ? ": " : "");
    if (format)
        vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

#define cr_assert(good, ...) plain_assert(__FILE__, __LINE__, #good, (good), "" __VA_ARGS__)
#define cr_assert_eq(a, b, ...) plain_assert(__FILE__, __LINE__, #a " == " #b, (a) == (b), "" __VA_ARGS__)
#define cr_assert_neq(a, b, ...) plain_assert(__FILE__, __LINE__, #a " != " #b, (a) != (b), "" __VA_ARGS__)
#define cr_assert_gt(a, b, ...) plain_assert(__FILE__, __LINE__, #a " > " #b, (a) > (b), "" __VA_ARGS__)
#define cr_assert_null(a, ...) plain_assert(__FILE__, __LINE__, #a " is NULL", !(a), "" __VA_ARGS__)
#define cr_assert_not_null(a, ...) plain_assert(__FILE__, __LINE__, #a " is not NULL", (a) != NULL, "" __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)                                                                                    \
    plain_assert(__FILE__, __LINE__, #a " is the text " #b, strcmp(a, b) == 0, "" __VA_ARGS__)

#endif
