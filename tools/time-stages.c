/* time-stages.c - times each stage of inpainting one image; for tools/bench-diffusers.
 *
 *     time-stages FOLDER [--side 512] [--repeats 3] [--threads 0] [--device cpu] [--precision fp32] [--photo FILE]
 *     time-stages FOLDER … --ask
 *
 * FOLDER is a pipeline folder. Prints JSON: seconds of every repeat of every stage; with --ask it reads names of stages,
 * one per line, and prints the seconds of each. The stages "png" and "webp" need --photo. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <inpaintlab/diffusion.h>
#include <inpaintlab/image.h>

enum { MOST_REPEATS = 1000, RUN = 50, PATH = 1024 };

struct options {
    const char *folder, *device, *precision, *photo;
    int side, repeats, threads;
    bool ask;
};

struct bench {
    struct options o;
    il_device device;
    il_tokenizer *tokenizer;
    il_text_encoder *text;
    il_unet *unet;
    il_scheduler *scheduler;
    il_vae *vae;
    il_image photo;
    char folder[PATH]; /* for what is written */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits for a device: reads a number that depends on all of t. */
static int finish(il_scope *s, il_tensor *t, il_err *e)
{
    float sum = 0;
    il_tensor *x = il_sum(s, t);
    int rc = il_scope_status(s, e);
    return rc ? rc : il_read_f32(x, &sum, 1, e);
}

static il_tensor *latents_of(il_scope *s, const struct bench *b, int n, int channels)
{
    const int side = b->o.side / il_vae_factor(b->vae);
    return il_randn(s, 1, 0, 4, (int64_t[]){ n, channels, side, side });
}

/* ---- stages: inputs are made before the clock starts ---- */

/* Prompt and negative prompt, from text on. */
static int time_text(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    static const char *const texts[] = { "a photo of a cat sitting on a wooden table in the kitchen", "" };
    int64_t ids[2][IL_TOKENIZER_LENGTH];
    double start = now();
    for (int i = 0; i < 2; i++) {
        int rc = il_tokenizer_encode(ids[i], NULL, b->tokenizer, texts[i], e);
        if (rc)
            return rc;
    }
    il_tensor *t = il_from_bytes(s, ids, IL_DTYPE_I64, 2, (int64_t[]){ 2, IL_TOKENIZER_LENGTH });
    int rc = finish(s, il_text_encoder_apply(s, b->text, t), e);
    *seconds = now() - start;
    return rc;
}

static int time_encode(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    il_tensor *std, *image = il_tanh(s, il_randn(s, 1, 0, 4, (int64_t[]){ 1, 3, b->o.side, b->o.side }));
    double start = now();
    int rc = finish(s, il_vae_encode(s, b->vae, image, &std), e);
    *seconds = now() - start;
    return rc;
}

static int time_unet(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    int64_t ids[2][IL_TOKENIZER_LENGTH] = { { 0 } };
    il_tensor *t = il_from_bytes(s, ids, IL_DTYPE_I64, 2, (int64_t[]){ 2, IL_TOKENIZER_LENGTH });
    il_tensor *text = il_text_encoder_apply(s, b->text, t), *x = latents_of(s, b, 2, il_unet_inputs(b->unet));
    int rc = finish(s, text, e);
    if (rc)
        return rc;
    double start = now();
    rc = finish(s, il_unet_apply(s, b->unet, x, 501, text), e);
    *seconds = now() - start;
    return rc;
}

/* One step, as the mean over a run. */
static int time_scheduler(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    const int64_t *timesteps = NULL;
    size_t count = 0;
    il_tensor *x = latents_of(s, b, 1, il_vae_channels(b->vae)), *output = latents_of(s, b, 1, il_vae_channels(b->vae));
    int rc = il_scheduler_start(b->scheduler, RUN, &timesteps, &count, e);
    double start = now();
    for (size_t i = 0; i < count && !rc; i++)
        x = il_scheduler_step(s, b->scheduler, output, timesteps[i], x);
    if (!rc)
        rc = finish(s, x, e);
    *seconds = (now() - start) / (double)(count ? count : 1);
    return rc;
}

static int time_decode(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    il_tensor *x = latents_of(s, b, 1, il_vae_channels(b->vae));
    double start = now();
    int rc = finish(s, il_vae_decode(s, b->vae, x), e);
    *seconds = now() - start;
    return rc;
}

static int time_writing(double *seconds, const struct bench *b, const char *name, il_err *e)
{
    char path[PATH + 16];
    snprintf(path, sizeof path, "%s/%s", b->folder, name);
    double start = now();
    int rc = il_image_write(&b->photo, path, e);
    *seconds = now() - start;
    remove(path);
    return rc;
}

static int time_png(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    (void)s;
    return time_writing(seconds, b, "a.png", e);
}

static int time_webp(double *seconds, struct bench *b, il_scope *s, il_err *e)
{
    (void)s;
    return time_writing(seconds, b, "a.webp", e);
}

static const struct stage {
    const char *name;
    int (*time)(double *seconds, struct bench *b, il_scope *s, il_err *e);
    bool photo;
} stages[] = {
    { "text", time_text, false },     { "encode", time_encode, false },
    { "unet", time_unet, false },     { "scheduler", time_scheduler, false },
    { "decode", time_decode, false }, { "png", time_png, true },
    { "webp", time_webp, true },
};
enum { STAGES = sizeof stages / sizeof *stages };

static int run(double *seconds, struct bench *b, const struct stage *stage, il_err *e)
{
    il_scope *s = NULL;
    if (stage->photo && !b->photo.pixels)
        return il_fail(e, IL_EUSAGE, "stage %s needs --photo", stage->name);
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = b->device), e);
    if (!rc)
        rc = stage->time(seconds, b, s, e);
    il_scope_close(s);
    return rc;
}

/* ---- what is asked ---- */

static int answer(struct bench *b, il_err *e)
{
    char line[100];
    int rc = IL_OK;
    while (!rc && fgets(line, sizeof line, stdin)) {
        const struct stage *found = NULL;
        double seconds = 0;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < STAGES; i++)
            if (strcmp(stages[i].name, line) == 0)
                found = &stages[i];
        rc = found ? run(&seconds, b, found, e) : il_fail(e, IL_EUSAGE, "unknown stage '%s'", line);
        if (!rc)
            printf("%.9f\n", seconds);
        fflush(stdout);
    }
    return rc;
}

static int repeat(struct bench *b, il_err *e)
{
    const char *lead = "";
    printf("{\"side\": %d, \"threads\": %d, \"precision\": \"%s\", \"torch\": \"%s\", \"seconds\": {", b->o.side,
           il_torch_threads(b->o.threads), b->o.precision, il_torch_version());
    for (int i = 0; i < STAGES; i++) {
        if (stages[i].photo && !b->photo.pixels)
            continue;
        printf("%s\n  \"%s\": [", lead, stages[i].name);
        lead = ",";
        for (int k = 0; k < b->o.repeats; k++) {
            double seconds = 0;
            int rc = run(&seconds, b, &stages[i], e);
            if (rc)
                return rc;
            printf("%s%.9f", k ? ", " : "", seconds);
        }
        printf("]");
    }
    printf("\n}}\n");
    return IL_OK;
}

/* ---- start and end ---- */

static int open_parts(struct bench *b, il_err *e)
{
    const char *precision = b->o.precision;
    il_network_opts n = { .size = sizeof(il_network_opts), .device = b->device, .dtype = IL_DTYPE_F32 };
    char path[5][PATH];
    static const char *const names[] = { "tokenizer", "scheduler", "text_encoder", "vae", "unet" };
    if (strcmp(precision, "fp16") == 0)
        n.dtype = IL_DTYPE_F16;
    else if (strcmp(precision, "bf16") == 0)
        n.dtype = IL_DTYPE_BF16;
    else if (strcmp(precision, "fp32") != 0)
        return il_fail(e, IL_EUSAGE, "--precision: '%s' must be one of fp32, fp16, bf16", precision);
    for (int i = 0; i < 5; i++)
        snprintf(path[i], PATH, "%s/%s", b->o.folder, names[i]);
    int rc = il_tokenizer_open(&b->tokenizer, path[0], e);
    if (!rc)
        rc = il_scheduler_open(&b->scheduler, path[1], "pndm", e);
    if (!rc)
        rc = il_text_encoder_open(&b->text, path[2], &n, e);
    if (!rc)
        rc = il_vae_open(&b->vae, path[3], &n, e);
    if (!rc)
        rc = il_unet_open(&b->unet, path[4], &n, e);
    return !rc && b->o.photo ? il_image_read(&b->photo, b->o.photo, e) : rc;
}

static int open_bench(struct bench *b, il_err *e)
{
    const char *tmp = getenv("TMPDIR");
    il_torch_threads(b->o.threads);
    snprintf(b->folder, sizeof b->folder, "%s/time-stages-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(b->folder)) {
        int rc = il_fail(e, IL_EIO, "cannot create %s", b->folder);
        b->folder[0] = '\0';
        return rc;
    }
    int rc = il_device_parse(&b->device, b->o.device, e);
    return rc ? rc : open_parts(b, e);
}

static void close_bench(struct bench *b)
{
    il_tokenizer_free(b->tokenizer);
    il_text_encoder_free(b->text);
    il_unet_free(b->unet);
    il_scheduler_free(b->scheduler);
    il_vae_free(b->vae);
    il_image_free(&b->photo);
    if (b->folder[0])
        rmdir(b->folder);
}

static int read_number(int *out, const char *name, const char *text, int low, int high, il_err *e)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (!*text || *end || v < low || v > high)
        return il_fail(e, IL_EUSAGE, "%s: '%s' is not a whole number from %d to %d", name, text, low, high);
    *out = (int)v;
    return IL_OK;
}

static int read_option(struct options *o, const char *name, const char *value, il_err *e)
{
    if (!value)
        return il_fail(e, IL_EUSAGE, "unknown option '%s', or its value is missing", name);
    if (strcmp(name, "--side") == 0)
        return read_number(&o->side, name, value, 8, 8192, e);
    if (strcmp(name, "--repeats") == 0)
        return read_number(&o->repeats, name, value, 1, MOST_REPEATS, e);
    if (strcmp(name, "--threads") == 0)
        return read_number(&o->threads, name, value, 0, 1024, e);
    if (strcmp(name, "--device") == 0)
        o->device = value;
    else if (strcmp(name, "--precision") == 0)
        o->precision = value;
    else if (strcmp(name, "--photo") == 0)
        o->photo = value;
    else
        return il_fail(e, IL_EUSAGE, "unknown option '%s'", name);
    return IL_OK;
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int rc = IL_OK;
    for (int i = 1; i < argc && !rc; i++) {
        if (strcmp(argv[i], "--ask") == 0)
            o->ask = true;
        else if (argv[i][0] == '-') {
            rc = read_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, e);
            i++;
        } else
            o->folder = argv[i];
    }
    if (!rc && !o->folder)
        rc = il_fail(e, IL_EUSAGE,
                     "usage: time-stages FOLDER [--side N] [--repeats N] [--threads N] [--device NAME] "
                     "[--precision fp32|fp16|bf16] [--photo FILE] [--ask]");
    return rc;
}

int main(int argc, char **argv)
{
    il_err e = { 0 };
    struct bench b = { .o = { .device = "cpu", .precision = "fp32", .side = 512, .repeats = 3 } };
    int rc = read_options(&b.o, argc, argv, &e);
    if (!rc)
        rc = open_bench(&b, &e);
    if (!rc)
        rc = b.o.ask ? answer(&b, &e) : repeat(&b, &e);
    close_bench(&b);
    if (rc)
        fprintf(stderr, "time-stages: %s\n", e.message);
    return !rc ? 0 : rc == IL_EUSAGE ? 2 : 1;
}
