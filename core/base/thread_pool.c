/* thread_pool.c - threads that work through a queue, in order. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/host.h"
#include "base/thread_pool.h"

enum { MAX_THREADS = 256 };

struct job {
    void (*work)(void *);
    void *arg;
    il_thread_pool_group *group;
    struct job *next;
};

struct il_thread_pool {
    pthread_t threads[MAX_THREADS];
    int started;
    pthread_mutex_t lock; /* guards the members below, and all groups */
    pthread_cond_t work, news;
    struct job *first, **last;
    bool quit;
};

static void *serve(void *context)
{
    il_thread_pool *p = context;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->first && !p->quit)
            pthread_cond_wait(&p->work, &p->lock);
        struct job *j = p->first;
        if (!j)
            break;
        p->first = j->next;
        if (!p->first)
            p->last = &p->first;
        pthread_mutex_unlock(&p->lock);
        j->work(j->arg);
        pthread_mutex_lock(&p->lock);
        j->group->pending--;
        free(j);
        pthread_cond_broadcast(&p->news);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int il_thread_pool_open(il_thread_pool **out, int threads, il_err *e)
{
    int wanted = threads > 0 ? threads : il_host_own_cores(), why = 0;
    il_thread_pool *p = calloc(1, sizeof *p);
    if (!p)
        return il_fail_oom(e);
    pthread_mutex_init(&p->lock, NULL); /* cannot fail with default attributes */
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->news, NULL);
    p->last = &p->first;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (; p->started < wanted && p->started < MAX_THREADS && !why; p->started += !why)
        why = pthread_create(&p->threads[p->started], NULL, serve, p);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!p->started) {
        il_thread_pool_close(p);
        return il_fail(e, IL_ENOMEM, "cannot start a thread: %s", strerror(why));
    }
    *out = p;
    return IL_OK;
}

void il_thread_pool_close(il_thread_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->news);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int il_thread_pool_add(il_thread_pool *p, il_thread_pool_group *g, void (*work)(void *arg), void *arg, il_err *e)
{
    struct job *j = malloc(sizeof *j);
    if (!j)
        return il_fail_oom(e);
    *j = (struct job){ work, arg, g, NULL };
    pthread_mutex_lock(&p->lock);
    g->pending++;
    *p->last = j;
    p->last = &j->next;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
    return IL_OK;
}

void il_thread_pool_wait(il_thread_pool *p, il_thread_pool_group *g)
{
    pthread_mutex_lock(&p->lock);
    while (g->pending)
        pthread_cond_wait(&p->news, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
