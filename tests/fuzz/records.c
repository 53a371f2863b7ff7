/* records.c - by the first byte: the journal of a build, a manifest, a JSON list of pairs, a calibration, a job file, the figures
 * of a benchmark. */
#include "bench/against.h"
#include "cluster/parts.h"
#include "dataset/build_journal.h"
#include "dataset/listing.h"
#include "detect/calibration.h"
#include "fuzz.h"

static int journal(const char *path, il_err *e)
{
    il_manifest m = { 0 };
    int rc = il_build_journal_read(&m, path, e);
    if (!rc)
        rc = il_build_journal_write(&m, path, e);
    il_manifest_free(&m);
    return rc;
}

static int manifest(const char *path, il_err *e)
{
    il_manifest m = { 0 };
    int rc = il_manifest_read(&m, path, 1, e);
    if (!rc)
        rc = il_manifest_write(&m, path, e);
    il_manifest_free(&m);
    return rc;
}

static int list(const char *path, il_err *e)
{
    il_listing l = { 0 };
    int rc = il_listing_open(&l, path, e);
    il_listing_free(&l);
    return rc;
}

static int calibration(const char *path, il_err *e)
{
    il_calibration k = { 0 };
    il_tested tested = { 0 };
    il_calibration_of of = { "0", 64, 16, 0.5, 64 };
    il_calibration_fit fit;
    return il_calibration_read(&k, &tested, &fit, path, of, e);
}

static int job_file(const char *path, il_err *e)
{
    il_parts t = { 0 };
    int rc = il_parts_read(&t, path, e);
    if (!rc)
        rc = il_parts_write(&t, path, e);
    il_parts_free(&t);
    return rc;
}

static int figures(const char *path, il_err *e)
{
    static const il_param_spec none[] = { { 0 } };
    static il_params *params; /* kept */
    double second = 1;
    const il_plugin plugin = { .name = "unet" };
    if (!params && il_params_new(&params, none, e))
        return e->code;
    const il_run run = { .model = { .plugin = &plugin, .params = params } };
    const il_bench_opts o = { .run = &run };
    const il_bench_stage stage = { .name = "training step", .seconds = &second, .repeats = 1, .images = 1 };
    il_bench_against a = { 0 };
    il_spread ratio;
    int rc = il_bench_against_read(&a, path, &o, e);
    if (!rc)
        il_bench_against_ratio(&ratio, &a, &stage);
    il_bench_against_free(&a);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    if (size == 0)
        return 0;
    const char *path = fuzz_file("records.json", data + 1, size - 1);
    switch (data[0] % 6) {
    case 0: fuzz_told(journal(path, &e), &e); break;
    case 1: fuzz_told(manifest(path, &e), &e); break;
    case 2: fuzz_told(list(path, &e), &e); break;
    case 3: fuzz_told(calibration(path, &e), &e); break;
    case 4: fuzz_told(job_file(path, &e), &e); break;
    default: fuzz_told(figures(path, &e), &e); break;
    }
    return 0;
}
