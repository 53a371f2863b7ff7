/* bpe.c - merges in a hash table, a word's candidates in a heap, so that a word of n bytes takes O(n log n) time. */
#include <stdbool.h>
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "diffusion/bpe.h"

struct rule {
    int32_t left, right, merged; /* left < 0: free */
    int32_t rank;
};

struct il_bpe {
    struct rule *slots;
    size_t mask;
    int32_t count;
};

struct symbol {
    int32_t id;
    int32_t prev, next; /* -1: none; next DEAD: merged into its left neighbour */
};

enum { NONE = -1, DEAD = -2 };

struct candidate {
    int32_t rank, at, merged;
};

struct word {
    struct symbol *symbols;
    struct candidate *heap;
    size_t waiting;
};

/* ---- the table ---- */

/* The pair's slot, or the free slot where it belongs. */
static struct rule *slot_of(const il_bpe *b, int32_t left, int32_t right)
{
    size_t i = (size_t)il_random_mix((uint64_t)(uint32_t)left << 32 | (uint32_t)right) & b->mask;
    while (b->slots[i].left != NONE && (b->slots[i].left != left || b->slots[i].right != right))
        i = (i + 1) & b->mask;
    return &b->slots[i];
}

/* size: a power of two */
static int resize(il_bpe *b, size_t size, il_err *e)
{
    struct rule *old = b->slots, *slots = malloc(size * sizeof *slots);
    const size_t before = old ? b->mask + 1 : 0;
    if (!slots)
        return il_fail_oom(e);
    for (size_t i = 0; i < size; i++)
        slots[i].left = NONE;
    b->slots = slots;
    b->mask = size - 1;
    for (size_t i = 0; i < before; i++)
        if (old[i].left != NONE)
            *slot_of(b, old[i].left, old[i].right) = old[i];
    free(old);
    return IL_OK;
}

int il_bpe_new(il_bpe **out, il_err *e)
{
    il_bpe *b = calloc(1, sizeof *b);
    if (!b)
        return il_fail_oom(e);
    int rc = resize(b, 1024, e);
    if (rc)
        free(b);
    else
        *out = b;
    return rc;
}

void il_bpe_free(il_bpe *b)
{
    if (b)
        free(b->slots);
    free(b);
}

int il_bpe_add(il_bpe *b, int32_t left, int32_t right, int32_t merged, il_err *e)
{
    if ((size_t)b->count >= (b->mask + 1) / 2) {
        int rc = resize(b, 2 * (b->mask + 1), e);
        if (rc)
            return rc;
    }
    *slot_of(b, left, right) = (struct rule){ .left = left, .right = right, .merged = merged, .rank = b->count++ };
    return IL_OK;
}

/* ---- a word ---- */

static bool before(struct candidate a, struct candidate b)
{
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void push(struct word *w, struct candidate c)
{
    size_t i = w->waiting++;
    for (; i > 0 && before(c, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = c;
}

static struct candidate pop(struct word *w)
{
    struct candidate top = w->heap[0], last = w->heap[--w->waiting];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < w->waiting) {
        if (child + 1 < w->waiting && before(w->heap[child + 1], w->heap[child]))
            child++;
        if (!before(w->heap[child], last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return top;
}

static void consider(const il_bpe *b, struct word *w, int32_t at)
{
    int32_t next = at < 0 ? NONE : w->symbols[at].next;
    if (next < 0)
        return;
    const struct rule *r = slot_of(b, w->symbols[at].id, w->symbols[next].id);
    if (r->left != NONE)
        push(w, (struct candidate){ .rank = r->rank, .at = at, .merged = r->merged });
}

/* Merges a candidate's two symbols, unless an earlier merge changed one of them. */
static void join(const il_bpe *b, struct word *w, struct candidate c)
{
    struct symbol *left = &w->symbols[c.at];
    if (left->next < 0)
        return;
    struct symbol *right = &w->symbols[left->next];
    const struct rule *r = slot_of(b, left->id, right->id);
    if (r->left == NONE || r->merged != c.merged)
        return;
    left->id = c.merged;
    left->next = right->next;
    right->next = DEAD;
    if (left->next >= 0)
        w->symbols[left->next].prev = c.at;
    consider(b, w, left->prev);
    consider(b, w, c.at);
}

int il_bpe_merge(const il_bpe *b, int32_t *ids, size_t *count, il_err *e)
{
    const int32_t n = (int32_t)*count;
    if (*count > INT32_MAX / 4)
        return il_fail(e, IL_EFORMAT, "a word of %zu bytes is too long", *count);
    if (n < 2)
        return IL_OK;
    /* each merge removes one symbol and adds at most two candidates */
    struct word w = { .symbols = malloc((size_t)n * sizeof *w.symbols),
                      .heap = malloc(3 * (size_t)n * sizeof *w.heap) };
    if (!w.symbols || !w.heap) {
        free(w.symbols);
        free(w.heap);
        return il_fail_oom(e);
    }
    for (int32_t i = 0; i < n; i++)
        w.symbols[i] = (struct symbol){ .id = ids[i], .prev = i - 1, .next = i + 1 < n ? i + 1 : NONE };
    for (int32_t i = 0; i < n; i++)
        consider(b, &w, i);
    while (w.waiting)
        join(b, &w, pop(&w));
    *count = 0;
    for (int32_t i = 0; i >= 0; i = w.symbols[i].next)
        ids[(*count)++] = w.symbols[i].id;
    free(w.symbols);
    free(w.heap);
    return IL_OK;
}
