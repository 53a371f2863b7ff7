/* threads.h - several threads that do the same at once. */
#ifndef TEST_THREADS_H
#define TEST_THREADS_H

#include <criterion/criterion.h>
#include <pthread.h>

enum { THREADS = 6 };

struct one_of {
    void (*work)(void *shared, int number);
    void *shared;
    int number;
};

static inline void *threads_enter(void *arg)
{
    struct one_of *t = arg;
    t->work(t->shared, t->number);
    return NULL;
}

/* work(shared, 0), work(shared, 1), … at once; returns when all are done. */
static inline void at_once(void (*work)(void *shared, int number), void *shared)
{
    pthread_t threads[THREADS];
    struct one_of list[THREADS];
    for (int i = 0; i < THREADS; i++) {
        list[i] = (struct one_of){ work, shared, i };
        cr_assert_eq(pthread_create(&threads[i], NULL, threads_enter, &list[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
}

/* Functions of tensors from here on (stub_torch.c). */
void stub_torch(void);

#endif
