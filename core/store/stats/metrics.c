/* metrics.c - IoU from counts, and early stopping from losses. */
#include <math.h>
#include "store/stats/metrics.h"

void il_metrics_add(il_counts *sum, il_counts more)
{
    sum->tp += more.tp;
    sum->fp += more.fp;
    sum->fn += more.fn;
    sum->tn += more.tn;
}

double il_metrics_iou(il_counts c)
{
    int64_t marked = c.tp + c.fp + c.fn;
    return marked == 0 ? NAN : (double)c.tp / (double)marked;
}

double il_metrics_f1(il_counts c)
{
    int64_t marked = 2 * c.tp + c.fp + c.fn;
    return marked == 0 ? NAN : 2 * (double)c.tp / (double)marked;
}

double il_metrics_marked(il_counts c)
{
    int64_t all = c.tp + c.fp + c.fn + c.tn;
    return all == 0 ? NAN : (double)(c.tp + c.fp) / (double)all;
}

il_collapse il_metrics_collapse(il_counts c)
{
    if (c.tp + c.fp == 0 && c.fn > 0)
        return IL_COLLAPSE_NOTHING;
    return c.fn + c.tn == 0 && c.fp > 0 ? IL_COLLAPSE_EVERYTHING : IL_COLLAPSE_NONE;
}

const char *il_metrics_collapse_name(il_collapse c)
{
    static const char *const names[] = { NULL, "nothing", "everything" };
    return names[c];
}

void il_metrics_batch(il_batch_mean *m, il_counts batch)
{
    double iou = il_metrics_iou(batch);
    m->sum += isnan(iou) ? 0.0 : iou;
    m->batches++;
}

double il_metrics_batch_mean(il_batch_mean m)
{
    return m.batches == 0 ? NAN : m.sum / (double)m.batches;
}

il_early il_metrics_early(void)
{
    return (il_early){ .best = INFINITY };
}

int il_metrics_early_add(il_early *w, int epoch, double loss)
{
    if (!(loss < w->best)) { /* also true for NAN */
        w->waited++;
        return 0;
    }
    w->best = loss;
    w->best_epoch = epoch;
    w->waited = 0;
    return 1;
}

int il_metrics_early_stop(const il_early *w, int patience)
{
    return patience > 0 && w->waited >= patience;
}
