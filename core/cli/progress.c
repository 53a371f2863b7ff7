/* progress.c - an il_observer that draws a bar on a terminal and plain lines elsewhere. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/clock.h"
#include "cli/progress.h"

enum { BAR = 20, PLAIN_EVERY = 15 /* seconds */ };

static void duration(char *out, size_t size, double seconds)
{
    if (!isfinite(seconds) || seconds < 0) {
        out[0] = '\0';
        return;
    }
    long s = lround(seconds);
    if (s >= 3600)
        snprintf(out, size, "  %ldh%02ldm left at most", s / 3600, s / 60 % 60);
    else
        snprintf(out, size, "  %ldm%02lds left at most", s / 60, s % 60);
}

static void numbers(char *out, size_t size, const il_progress *p)
{
    int n = 0;
    out[0] = '\0';
    if (isfinite(p->loss))
        n = snprintf(out, size, "  loss %.4f", p->loss);
    if (isfinite(p->iou) && n >= 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, "  IoU %.3f", p->iou);
}

static void describe(char *out, size_t size, const il_progress *p)
{
    char left[64], values[80], epoch[40] = "", rate[40] = "", bar[BAR + 1];
    double part = p->batches ? (double)p->batch / (double)p->batches : 0;
    int full = (int)(part * BAR);
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)(full < 0 ? 0 : full > BAR ? BAR : full));
    bar[BAR] = '\0';
    duration(left, sizeof left, p->seconds_left);
    numbers(values, sizeof values, p);
    if (p->epochs)
        snprintf(epoch, sizeof epoch, " epoch %d/%d", p->epoch, p->epochs);
    if (isfinite(p->images_per_second))
        snprintf(rate, sizeof rate, "  %.1f images/s", p->images_per_second);
    snprintf(out, size, "%s: %s%s [%s] %zu/%zu%s%s%s", p->run, p->phase, epoch, bar, p->batch, p->batches, values, rate,
             left);
}

void il_progress_bar_clear(il_progress_bar *bar)
{
    if (bar->drawn)
        fputs("\r\033[K", stderr);
    bar->drawn = false;
}

static void show(void *context, const il_progress *p)
{
    il_progress_bar *bar = context;
    char line[600];
    if (bar->quiet)
        return;
    describe(line, sizeof line, p);
    if (bar->terminal) {
        struct winsize w;
        int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col - 1 : 79;
        fprintf(stderr, "\r\033[K%.*s", columns, line);
        bar->drawn = true;
    } else if (il_clock_seconds() - bar->told >= PLAIN_EVERY) {
        fprintf(stderr, "%s\n", line);
        bar->told = il_clock_seconds();
    }
    fflush(stderr);
}

static void say(void *context, const char *run, const char *line)
{
    il_progress_bar *bar = context;
    if (bar->quiet)
        return;
    il_progress_bar_clear(bar);
    fprintf(stderr, "%s: %s\n", run, line);
    bar->told = il_clock_seconds();
}

static volatile sig_atomic_t stop_asked; /* the only thing a signal handler may set: the signal */

static void on_signal(int number)
{
    stop_asked = number;
    signal(number, SIG_DFL);
}

const volatile int *il_progress_bar_signals(void)
{
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (signal(SIGHUP, on_signal) == SIG_IGN) /* nohup: it is to outlive its terminal */
        signal(SIGHUP, SIG_IGN);
    return &stop_asked;
}

static void on_warning(int number)
{
    stop_asked = number;
}

void il_progress_bar_heed_warning(bool batch)
{
    const struct sigaction again = { .sa_handler = on_warning, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &again, NULL);
    if (batch)
        sigaction(SIGTERM, &again, NULL);
}

bool il_progress_bar_was_warned(void)
{
    return stop_asked == SIGUSR1 || stop_asked == SIGTERM;
}

il_observer il_progress_bar_observer(il_progress_bar *bar, bool quiet, const volatile int *stop)
{
    *bar = (il_progress_bar){ .terminal = isatty(STDERR_FILENO), .quiet = quiet, .told = il_clock_seconds() };
    return (il_observer){ .progress = show, .say = say, .context = bar, .stop = stop };
}
