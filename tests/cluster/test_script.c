/* test_script.c - what is handed to Slurm: a shell must read every name and path as one word. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cluster/script.h"

static const char *const hostile[] = { "plain-1.yaml",
                                       "",
                                       "two words",
                                       "it's",
                                       "''",
                                       "$(touch broken)",
                                       "`touch broken`",
                                       "a;touch broken",
                                       "\"",
                                       "\\",
                                       "a\nb",
                                       "~/x",
                                       "*",
                                       "-n",
                                       "#x",
                                       "!x",
                                       "%A",
                                       "\xc3\xa4 \xff" };

/* What a shell makes of `text`, printed by printf %s. */
static void shell(char *out, size_t size, const char *text)
{
    il_text command = { 0 };
    il_text_add(&command, "printf %%s %s", text);
    FILE *p = popen(command.data, "r");
    cr_assert(p);
    out[fread(out, 1, size - 1, p)] = '\0';
    cr_assert_eq(pclose(p), 0);
    il_text_free(&command);
}

Test(script, quotes)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        il_text quoted = { 0 };
        char back[100];
        il_script_quote(&quoted, hostile[i]);
        shell(back, sizeof back, quoted.data);
        cr_expect_str_eq(back, hostile[i]);
        il_text_free(&quoted);
    }
}

static il_slurm_job job_of(const char *word)
{
    static const char *run[] = { "--only", NULL, NULL }, *const none[] = { NULL };
    run[1] = word;
    return (il_slurm_job){ .name = "grid",
                           .program = word,
                           .here = word,
                           .grid = word,
                           .database = word,
                           .tasks = word,
                           .script = word,
                           .logs = word,
                           .run = run,
                           .sbatch = none,
                           .count = 7 };
}

/* All but its assignments, the folder and the options of `run` stays as it is; what varies is read back by a shell. */
Test(script, whatever_names_hold_is_one_word)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        il_text script = { 0 }, command = { 0 };
        char back[1000], expected[1000];
        il_slurm_job job = job_of(hostile[i]);
        il_script_write(&script, &job);
        char *end = strstr(script.data, "if [ \"$1\" = merge ]");
        cr_assert(end);
        *end = '\0'; /* the assignments and the folder */
        il_text_add(&command,
                    "cd() { printf '<%%s>' \"$1\"; }\n%sprintf '<%%s>' \"$program\" \"$grid\" \"$database\" \"$tasks\"",
                    script.data);
        FILE *p = popen(command.data, "r");
        back[fread(back, 1, sizeof back - 1, p)] = '\0';
        cr_assert_eq(pclose(p), 0);
        const char *h = hostile[i];
        snprintf(expected, sizeof expected, "<%s><%s><%s><%s><%s>", h, h, h, h, h);
        cr_expect_str_eq(back, expected);
        il_text_free(&command);
        il_text_free(&script);
    }
}

Test(script, sbatch_gets_arguments)
{
    il_slurm_job job = job_of("50% it's");
    const char *const user[] = { "--time=1", "-p", "main", NULL };
    job.sbatch = user;
    job.at_most = 2;
    char **a = il_script_array(&job, 1000, 7);
    const char *const expected[] = { "sbatch",
                                     "--parsable",
                                     "--job-name=grid",
                                     "--output=50%% it's/%A_%a.log",
                                     "--time=1",
                                     "-p",
                                     "main",
                                     "--array=1-7%2",
                                     "50% it's",
                                     "1000" };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect_str_eq(a[i], expected[i]);
    cr_assert_null(a[sizeof expected / sizeof *expected]);
    il_script_free_arguments(a);
    a = il_script_merge(&job, ":17:18");
    cr_expect_str_eq(a[7], "--dependency=afterany:17:18");
    cr_expect_str_eq(a[9], "merge");
    il_script_free_arguments(a);
}

/* ---- what is killed at once ---- */

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(path, 0700), 0);
}

/* Whether the script asks for another start of a task that has been started `restarts` times before, whose program does this. */
static bool is_requeued(const char *does, int restarts)
{
    static const char *const run[] = { NULL };
    char folder[] = "/tmp/il-script-XXXXXX", program[64], path[64], command[400];
    il_text script = { 0 }, body = { 0 };
    cr_assert(mkdtemp(folder));
    snprintf(program, sizeof program, "%s/program", folder);
    il_text_add(&body, "#!/bin/sh\n%s\n", does);
    put(program, body.data);
    snprintf(path, sizeof path, "%s/squeue", folder);
    put(path, "#!/bin/sh\necho RUNNING\n");
    snprintf(path, sizeof path, "%s/scontrol", folder);
    put(path, "#!/bin/sh\necho \"$@\" >asked\n");
    il_slurm_job job = job_of("grid");
    job.program = program;
    job.here = folder;
    job.tasks = "1.tasks";
    job.run = run;
    il_script_write(&script, &job);
    snprintf(path, sizeof path, "%s/1.sh", folder);
    put(path, script.data);
    snprintf(command, sizeof command,
             "cd %s && PATH=%s:$PATH SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 SLURM_RESTART_COUNT=%d sh 1.sh 1"
             " >log 2>&1; grep -qx 'requeue 7_2' asked",
             folder, folder, restarts);
    bool asked = system(command) == 0;
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
    il_text_free(&body);
    il_text_free(&script);
    return asked;
}

Test(script, what_is_killed_before_it_has_begun_is_started_three_times)
{
    cr_expect(is_requeued("kill -9 $$", 0));
    cr_expect(is_requeued("kill -9 $$", 1));
    cr_expect_not(is_requeued("kill -9 $$", 2));
    cr_expect(is_requeued("echo 0 >1-0003.sqlite.starts; kill -9 $$", 2), "it had begun");
    cr_expect(is_requeued("exit 75", 9), "it was stopped");
    cr_expect_not(is_requeued("exit 1", 0));
    cr_expect_not(is_requeued("exit 0", 0));
}
