/* test_claim.c - claims on disks without locks: one holder at a time, stale ones are taken over by exactly one. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/claim.h"
#include "base/sha256.h"

enum { RACERS = 50, ROUNDS = 20 };

static char folder[64], path[128];

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/claim-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/run", folder);
    setenv("INPAINTLAB_GRACE", "5", 1);
}

static int files_left(bool remove_them)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *f; (f = readdir(d));) {
        char one[400];
        if (f->d_name[0] == '.')
            continue;
        n++;
        snprintf(one, sizeof one, "%s/%s", folder, f->d_name);
        if (remove_them)
            unlink(one);
    }
    closedir(d);
    return n;
}

static void tear_down(void)
{
    files_left(true);
    rmdir(folder);
}

TestSuite(claim, .init = set_up, .fini = tear_down);

static void leave_behind(const char *file, const char *text, double age)
{
    struct timespec now, old;
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    clock_gettime(CLOCK_REALTIME, &now);
    old = (struct timespec){ now.tv_sec - (time_t)age, now.tv_nsec };
    cr_assert_eq(futimens(fd, (struct timespec[]){ old, old }), 0);
    close(fd);
}

Test(claim, is_exclusive_told_and_given_back)
{
    il_claim *first = NULL, *second = NULL;
    il_err e = { 0 };
    setenv("SLURM_JOB_ID", "4711", 1);
    cr_assert_not(il_claim_is_held(path));
    cr_assert_eq(il_claim_take(&first, path, &e), IL_OK, "%s", e.message);
    cr_assert(il_claim_is_held(path));
    cr_assert_eq(il_claim_take(&second, path, &e), IL_EBUSY);
    char who[64];
    snprintf(who, sizeof who, ", process %d, job 4711", (int)getpid());
    cr_assert(strncmp(e.message, "host ", 5) == 0 && strstr(e.message, who), "%s", e.message);
    il_claim_release(first);
    cr_assert_eq(files_left(false), 0);
    cr_assert_eq(il_claim_take(&second, path, &e), IL_OK);
    il_claim_release(second);
    cr_assert_eq(files_left(false), 0);
}

Test(claim, is_stale_after_the_grace_period_alone)
{
    il_claim *c = NULL;
    il_err e = { 0 };
    leave_behind(path, "host n1, process 1\n", 3);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_EBUSY);
    cr_assert_str_eq(e.message, "host n1, process 1");
    leave_behind(path, "host n1, process 1\n", 6);
    cr_assert_not(il_claim_is_held(path));
    cr_assert_eq(il_claim_take(&c, path, &e), IL_OK, "%s", e.message);
    il_claim_release(c);
    cr_assert_eq(files_left(false), 0);
}

Test(claim, of_any_content_is_read)
{
    il_claim *c = NULL;
    il_err e = { 0 };
    static char much[5000];
    memset(much, 'x', sizeof much - 1);
    leave_behind(path, "\x1b[31m\x80 and more\n\n", 0);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_EBUSY);
    cr_assert(!strchr(e.message, '\x1b') && strstr(e.message, " and more"), "%s", e.message);
    leave_behind(path, much, 0);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_EBUSY);
    leave_behind(path, "", 0); /* a holder that was killed before it wrote */
    cr_assert_eq(il_claim_take(&c, path, &e), IL_EBUSY);
    leave_behind(path, "", 60);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_OK, "%s", e.message);
    il_claim_release(c);
    unlink(path);
    cr_assert_eq(mkdir(path, 0777), 0);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_EIO);
    rmdir(path);
}

Test(claim, is_renewed_while_it_is_held)
{
    il_claim *c = NULL;
    il_err e = { 0 };
    setenv("INPAINTLAB_GRACE", "0.6", 1);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_OK);
    nanosleep(&(struct timespec){ .tv_sec = 2 }, NULL);
    cr_assert(il_claim_is_held(path));
    il_claim_release(c);
}

/* A holder that was taken for dead neither renews nor removes the claim of who took it over. */
Test(claim, that_was_taken_over_stays_with_the_other)
{
    il_claim *slow = NULL, *c = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_claim_take(&slow, path, &e), IL_OK);
    struct timespec old = { .tv_sec = time(NULL) - 60 };
    cr_assert_eq(utimensat(AT_FDCWD, path, (struct timespec[]){ old, old }, 0), 0);
    cr_assert_eq(il_claim_take(&c, path, &e), IL_OK, "%s", e.message);
    il_claim_release(slow);
    cr_assert(il_claim_is_held(path));
    cr_assert_eq(il_claim_take(&slow, path, &e), IL_EBUSY);
    il_claim_release(c);
    cr_assert_eq(files_left(false), 0);
}

/* All begin when `start` is closed; a winner holds until `end` is. -> how many won. */
static int race(void)
{
    int start[2], end[2], won[2];
    char one[RACERS];
    cr_assert(pipe(start) == 0 && pipe(end) == 0 && pipe(won) == 0);
    for (int i = 0; i < RACERS; i++)
        if (fork() == 0) {
            il_claim *c = NULL;
            close(start[1]);
            close(end[1]);
            (void)!read(start[0], one, 1);
            bool mine = il_claim_take(&c, path, NULL) == IL_OK;
            (void)!write(won[1], mine ? "1" : "0", 1);
            (void)!read(end[0], one, 1);
            il_claim_release(c);
            _exit(0);
        }
    close(start[0]);
    close(start[1]);
    int winners = 0;
    for (int i = 0; i < RACERS; i++) {
        cr_assert_eq(read(won[0], one, 1), 1);
        winners += one[0] == '1';
    }
    close(end[0]);
    close(end[1]);
    close(won[0]);
    close(won[1]);
    while (wait(NULL) > 0)
        continue;
    return winners;
}

Test(claim, fifty_at_once_have_one_winner)
{
    for (int round = 0; round < ROUNDS; round++) {
        cr_assert_eq(race(), 1, "round %d, nobody before", round);
        cr_assert_eq(files_left(false), 0);
        leave_behind(path, "host n1, process 1\n", 60);
        cr_assert_eq(race(), 1, "round %d, a stale claim", round);
        cr_assert_eq(files_left(true), 0);
    }
}

/* One of those who took over a stale claim was killed before its own was in place. */
Test(claim, fifty_at_once_have_one_winner_after_one_was_killed)
{
    char gate[200];
    for (int round = 0; round < ROUNDS; round++) {
        leave_behind(path, "host n1, process 1\n", 60);
        snprintf(gate, sizeof gate, "%s.%.16s", path, il_sha256("host n1, process 1\n", 19).hex);
        leave_behind(gate, "host n2, process 2\n", 30);
        cr_assert_eq(race(), 1, "round %d", round);
        cr_assert_eq(files_left(true), 0);
    }
}

/* Holders that are killed at any moment: never two at a time, and the claim is free after the grace period. */
Test(claim, holders_that_are_killed, .timeout = 120)
{
    setenv("INPAINTLAB_GRACE", "0.2", 1);
    srand(7);
    for (int round = 0; round < 100; round++) {
        pid_t child = fork();
        if (child == 0) {
            il_claim *c = NULL;
            for (;;) {
                if (il_claim_take(&c, path, NULL) == IL_OK)
                    il_claim_release(c);
            }
        }
        nanosleep(&(struct timespec){ .tv_nsec = 1000 * (rand() % 3000) }, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
    cr_assert_eq(race(), 1);
}
