/* examples.c - the example images of a test as rows. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "store/expect.h"

static const char *const ranks[] = { "best", "median", "worst" };

const char *il_store_rank(il_rank rank)
{
    return ranks[rank];
}

static int put(il_store *s, sqlite3_stmt *insert, int64_t test, const il_example *x, il_err *e)
{
    int more = 0;
    il_bind values[] = { il_bind_int(test),
                         il_bind_text(x->id),
                         il_bind_text(ranks[x->rank]),
                         il_bind_bytes(x->photo.data, x->photo.size),
                         il_bind_bytes(x->truth.data, x->truth.size),
                         il_bind_bytes(x->score.data, x->score.size),
                         il_bind_real(x->iou),
                         { 0 } };
    int rc = il_store_bind(s, insert, values, e);
    if (!rc)
        rc = il_store_step(&more, s, insert, e);
    return rc ? il_fail_in(e, "example %s", x->id) : rc;
}

int il_store_write_examples(il_store *s, int64_t test, const il_example *examples, size_t count, il_err *e)
{
    sqlite3_stmt *insert = NULL;
    int rc = il_store_exec(NULL, s, "DELETE FROM examples WHERE test = ?1", (il_bind[]){ il_bind_int(test), { 0 } }, e);
    if (!rc)
        rc = il_store_prepare(&insert, s,
                              "INSERT INTO examples (test, id, rank, photo, truth, score, iou)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                              e);
    for (size_t i = 0; !rc && i < count; i++)
        rc = put(s, insert, test, &examples[i], e);
    sqlite3_finalize(insert);
    return rc;
}

int il_store_put_examples(il_store *s, int64_t test, const il_example *examples, size_t count, il_err *e)
{
    int rc = il_store_begin(s, e);
    return rc ? rc : il_store_end(s, il_store_write_examples(s, test, examples, count, e), e);
}

static int copy_bytes(il_blob *out, sqlite3_stmt *statement, int column, il_err *e)
{
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    const void *from = sqlite3_column_blob(statement, column);
    out->data = malloc(size ? size : 1);
    if (!out->data)
        return il_fail_oom(e);
    if (size)
        memcpy(out->data, from, size);
    out->size = size;
    return IL_OK;
}

static int copy_row(il_example *out, il_store *s, sqlite3_stmt *statement, il_err *e)
{
    int rank = 0;
    int checked = il_store_expect(
        s, statement, "examples: test int, id text, rank text, photo blob, truth blob, score blob, iou real", 1, e);
    if (checked)
        return checked;
    while (rank < IL_RANKS && strcmp((const char *)sqlite3_column_text(statement, 1), ranks[rank]) != 0)
        rank++;
    if (rank == IL_RANKS)
        return il_fail(e, IL_EDB, "%s: table examples, test %lld: rank is '%s'; expected best, median or worst",
                       s->path, (long long)sqlite3_column_int64(statement, 6), sqlite3_column_text(statement, 1));
    out->rank = (il_rank)rank;
    out->iou = sqlite3_column_double(statement, 5);
    out->id = il_text_copy((const char *)sqlite3_column_text(statement, 0));
    int rc = out->id ? copy_bytes(&out->photo, statement, 2, e) : il_fail_oom(e);
    if (!rc)
        rc = copy_bytes(&out->truth, statement, 3, e);
    return rc ? rc : copy_bytes(&out->score, statement, 4, e);
}

int il_store_examples(il_example out[IL_RANKS], size_t *count, il_store *s, int64_t test, il_err *e)
{
    il_example found[IL_RANKS] = { 0 };
    sqlite3_stmt *statement = NULL;
    size_t n = 0;
    int more = 0;
    int rc = il_store_prepare(&statement, s,
                              "SELECT id, rank, photo, truth, score, iou, test FROM examples WHERE test = ?1"
                              " ORDER BY rank",
                              e); /* the names of the ranks happen to sort in this order */
    if (!rc)
        rc = il_store_bind(s, statement, (il_bind[]){ il_bind_int(test), { 0 } }, e);
    while (!rc && (rc = il_store_step(&more, s, statement, e)) == IL_OK && more && n < IL_RANKS)
        rc = copy_row(&found[n++], s, statement, e);
    sqlite3_finalize(statement);
    if (rc) {
        il_store_examples_free(found, n);
        return rc;
    }
    memcpy(out, found, sizeof found);
    *count = n;
    return IL_OK;
}

void il_store_examples_free(il_example *examples, size_t count)
{
    for (size_t i = 0; examples && i < count; i++) {
        free(examples[i].id);
        free(examples[i].photo.data);
        free(examples[i].truth.data);
        free(examples[i].score.data);
        examples[i] = (il_example){ 0 };
    }
}
