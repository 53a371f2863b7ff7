/* error.h - what went wrong: a code and a message, owned by the caller.
 * A function that can fail returns IL_OK or one of the negative codes below and takes `il_err *e` last. */
#ifndef IL_ERROR_H
#define IL_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define IL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define IL_PRINTF(text, first)
#endif

enum {
    IL_OK = 0,
    IL_ENOMEM = -1,   /* out of memory (host) */
    IL_EIO = -2,      /* a file cannot be opened, read or written */
    IL_EFORMAT = -3,  /* a file's content is not what it should be */
    IL_EPARAM = -4,   /* a setting is unknown, of the wrong type or out of range */
    IL_EPLUGIN = -5,  /* a plugin cannot be used */
    IL_EDATA = -6,    /* a data set lacks something */
    IL_ETORCH = -7,   /* libtorch refused */
    IL_EDEVICE = -8,  /* a device is absent, or its memory is full */
    IL_EDB = -9,      /* the database refused */
    IL_EBUSY = -10,   /* another process holds it */
    IL_ECANCEL = -11, /* the user asked to stop */
    IL_EUSAGE = -12,  /* the command line is wrong */
    IL_ETRUST = -13   /* a file names code that only the user may name */
};

/* Start with `il_err e = {0};`. Fixed size: copying it is cheap and nothing has to be freed. */
typedef struct il_err {
    int code;
    char message[1000];
} il_err;

/* Fills *e (NULL is allowed) and returns code. The message is one line, without a final period. */
int il_fail(il_err *e, int code, const char *format, ...) IL_PRINTF(3, 4);

/* il_fail for a failed allocation; returns IL_ENOMEM. */
int il_fail_oom(il_err *e);

/* Puts context before the message that *e holds, as in "run 7: …"; returns e->code (IL_EIO if e is NULL). */
int il_fail_in(il_err *e, const char *format, ...) IL_PRINTF(2, 3);

#if defined(__clang_analyzer__) && !defined(__cplusplus)
/* Tells the analyser that a failure is never IL_OK. */
#define il_fail(e, code, ...) ((il_fail)(e, code, __VA_ARGS__), (code))
#define il_fail_oom(e) ((il_fail_oom)(e), IL_ENOMEM)
#endif

#ifdef __cplusplus
}
#endif
#endif
