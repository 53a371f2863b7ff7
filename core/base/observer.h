/* observer.h - how a run reports its progress and learns that it should stop. */
#ifndef IL_BASE_OBSERVER_H
#define IL_BASE_OBSERVER_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* The contents of a progress line; sent at most a few times a second. */
typedef struct il_progress {
    const char *run;
    const char *phase; /* "train", "validate", "test realfake" */
    int epoch, epochs; /* epochs 0: a test */
    size_t batch, batches;
    double loss, iou;         /* of this phase so far; NAN: unknown */
    double images_per_second; /* of this phase */
    double seconds_left;      /* until the end of the last epoch, without early stopping; NAN: unknown */
} il_progress;

typedef struct il_observer {
    void (*progress)(void *context, const il_progress *p);         /* NULL: none */
    void (*say)(void *context, const char *run, const char *line); /* an epoch, a warning; NULL: none */
    void *context;
    const volatile int *stop; /* set by a signal handler; NULL: never */
} il_observer;

static inline bool il_observer_stopped(const il_observer *w)
{
    return w->stop && *w->stop;
}

/* Progress of work that has no loss and no epochs: `done` of `of`, at `rate` a second (NAN: unknown). */
static inline void il_observer_count(const il_observer *w, const char *run, const char *phase, size_t done, size_t of,
                                     double rate)
{
    const il_progress p = { .run = run,
                            .phase = phase,
                            .batch = done,
                            .batches = of,
                            .loss = NAN,
                            .iou = NAN,
                            .images_per_second = rate,
                            .seconds_left = (double)(of - done) / rate };
    if (w->progress)
        w->progress(w->context, &p);
}

#endif
