/* records.c - by the first byte: the journal of a build, a manifest, a JSON list of pairs, a calibration, a job file. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    if (size == 0)
        return 0;
    const char *path = fuzz_file("records.json", data + 1, size - 1);
    switch (data[0] % 5) {
    case 0: fuzz_told(journal(path, &e), &e); break;
    case 1: fuzz_told(manifest(path, &e), &e); break;
    case 2: fuzz_told(list(path, &e), &e); break;
    case 3: fuzz_told(calibration(path, &e), &e); break;
    default: fuzz_told(job_file(path, &e), &e); break;
    }
    return 0;
}
