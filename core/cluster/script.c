/* script.c - writes the batch script and the arguments of sbatch. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "cluster/script.h"

void il_script_quote(il_text *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        il_text_add(to, "%s", word);
        return;
    }
    il_text_add(to, "'");
    for (const char *next = word; *next;) {
        size_t size = strcspn(next, "'");
        il_text_add(to, "%.*s%s", (int)size, next, next[size] ? "'\\''" : "");
        next += size + (next[size] != '\0');
    }
    il_text_add(to, "'");
}

/* ---- the script ---- */

static void assign(il_text *to, const char *name, const char *value)
{
    il_text_add(to, "%s=", name);
    il_script_quote(to, value);
    il_text_add(to, "\n");
}

/* Its only variable parts are assignments, the folder and the options of `run`, all quoted. */
void il_script_write(il_text *to, const il_slurm_job *job)
{
    il_text_add(
        to,
        "#!/bin/sh\n"
        "#SBATCH --requeue --open-mode=append --signal=B:USR1@120\n"
        "# Written by `inpaintlab slurm`. NUMBER: does task SLURM_ARRAY_TASK_ID + NUMBER; merge: joins what tasks left.\n");
    assign(to, "program", job->program);
    assign(to, "grid", job->grid);
    assign(to, "database", job->database);
    assign(to, "tasks", job->tasks);
    il_text_add(to, "cd ");
    il_script_quote(to, job->here);
    il_text_add(
        to,
        " || exit 1\n"
        "\n"
        "if [ \"$1\" = merge ]; then\n"
        "  set -- \"${tasks%%.tasks}\"-*.sqlite\n"
        "  [ -e \"$1\" ] || { echo \"no task has left a result\" >&2; exit 1; }\n"
        "  exec \"$program\" merge -- \"$database\" \"$@\"\n"
        "fi\n"
        "\n"
        "number=$((SLURM_ARRAY_TASK_ID + $1))\n"
        "starts=${tasks%%.tasks}-$(printf %%04d \"$number\").sqlite.starts\n"
        "noted() { ls -i -- \"$starts\" 2>/dev/null; } # `run` writes it anew at each start\n"
        "before=$(noted)\n"
        "\n"
        "# Slurm's warning (USR1) and an end from outside (TERM) are passed on: the program writes a checkpoint and ends with 75.\n"
        "child='' signal='' status=1\n"
        "pass_on() {\n"
        "  signal=$1\n"
        "  [ -z \"$child\" ] || kill -s \"$signal\" \"$child\" 2>/dev/null\n"
        "}\n"
        "trap 'pass_on USR1' USR1\n"
        "trap 'pass_on TERM' TERM\n"
        "cores=${SLURM_CPUS_PER_TASK:-1} launcher=''\n"
        "if [ \"${SLURM_NTASKS:-1}\" -gt 1 ]; then # they train each run together\n"
        "  launcher=\"srun --mpi=${SLURM_MPI_TYPE:-pmix} --kill-on-bad-exit --cpus-per-task=$cores\"\n"
        "fi\n"
        "$launcher \"$program\" run --quiet --threads \"$cores\" --loader-threads \"$cores\"");
    for (const char *const *option = job->run; *option; option++) {
        il_text_add(to, " ");
        il_script_quote(to, *option);
    }
    il_text_add(
        to,
        " \\\n"
        "  --known \"$database\" --tasks \"$tasks\" --shard \"$number/%zu\" -- \"$grid\" &\n"
        "child=$!\n"
        "[ -z \"$signal\" ] || pass_on \"$signal\"\n"
        "while :; do # a signal ends `wait`, not the program\n"
        "  signal=''\n"
        "  wait \"$child\"\n"
        "  now=$?\n"
        "  [ \"$now\" -eq 127 ] || status=$now # 127: it was waited for already\n"
        "  [ -n \"$signal\" ] || break\n"
        "done\n"
        "\n"
        "# Stopped, or killed: the task goes on later, unless it was cancelled. `run` gives up when that brings nothing, and what is\n"
        "# killed before it can note that it has begun is started three times.\n"
        "if [ \"$status\" -gt 128 ] && [ \"$(noted)\" = \"$before\" ] && [ \"${SLURM_RESTART_COUNT:-0}\" -ge 2 ]; then\n"
        "  echo \"killed at its start, three times: given up\" >&2\n"
        "elif [ \"$status\" -eq 75 ] || [ \"$status\" -gt 128 ]; then\n"
        "  me=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\n"
        "  [ \"$(squeue -h -j \"$me\" -o %%T)\" != RUNNING ] || scontrol requeue \"$me\"\n"
        "fi\n"
        "exit \"$status\"\n",
        job->count);
}

/* ---- sbatch ---- */

struct words {
    char **list;
    size_t count;
    bool failed;
};

static void add_word(struct words *w, const char *word)
{
    char **more = il_array_grow(w->list, w->count, sizeof *more);
    char *copy = more && word ? il_text_copy(word) : NULL;
    if (more) {
        w->list = more;
        more[w->count++] = copy;
    }
    w->failed = w->failed || !more || (word && !copy);
}

static void add_text(struct words *w, il_text *word)
{
    if (word->failed)
        w->failed = true;
    else
        add_word(w, word->data);
    il_text_free(word);
}

/* sbatch replaces %A, %a and so on in it. */
static void add_output(struct words *w, const char *logs, const char *pattern)
{
    il_text output = { 0 };
    il_text_add(&output, "--output=");
    for (const char *c = logs; *c; c++)
        il_text_add(&output, *c == '%' ? "%%%%" : "%c", *c);
    il_text_add(&output, "/%s", pattern);
    add_text(w, &output);
}

static void begin(struct words *w, const il_slurm_job *job, const char *kind, const char *log)
{
    il_text name = { 0 };
    add_word(w, "sbatch");
    add_word(w, "--parsable");
    il_text_add(&name, "--job-name=%s%s", job->name, kind);
    add_text(w, &name);
    add_output(w, job->logs, log);
    for (const char *const *option = job->sbatch; *option; option++)
        add_word(w, *option);
}

static char **end(struct words *w)
{
    add_word(w, NULL);
    if (!w->failed)
        return w->list;
    for (size_t i = 0; i < w->count; i++)
        free(w->list[i]);
    free(w->list);
    return NULL;
}

char **il_script_array(const il_slurm_job *job, size_t before, size_t count)
{
    struct words w = { 0 };
    il_text array = { 0 }, offset = { 0 };
    begin(&w, job, "", "%A_%a.log");
    il_text_add(&array, "--array=1-%zu", count);
    if (job->at_most)
        il_text_add(&array, "%%%d", job->at_most);
    add_text(&w, &array);
    add_word(&w, job->script);
    il_text_add(&offset, "%zu", before);
    add_text(&w, &offset);
    return end(&w);
}

char **il_script_merge(const il_slurm_job *job, const char *after)
{
    struct words w = { 0 };
    il_text dependency = { 0 };
    begin(&w, job, ".merge", "%j.log");
    if (*after) {
        il_text_add(&dependency, "--dependency=afterany%s", after);
        add_text(&w, &dependency);
    }
    add_word(&w, job->script);
    add_word(&w, IL_SCRIPT_MERGE);
    return end(&w);
}

void il_script_free_arguments(char **arguments)
{
    for (char **a = arguments; a && *a; a++)
        free(*a);
    free(arguments);
}
