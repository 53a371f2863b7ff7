/* report.h - rows -> tables for people: text, Markdown, CSV, LaTeX, JSON, and as a page. */
#ifndef IL_REPORT_REPORT_H
#define IL_REPORT_REPORT_H

#include "report/format.h"
#include "report/measure.h"
#include "store/store.h"

/* Refuses a name that no experiment has; the message tells those there are. NULL is fine. */
int il_report_experiment(il_store *s, const char *name, il_err *e);

/* One published table ("1".."7", "text") or, with table NULL, everything the database holds: first each experiment's
 * own cells, then the published tables of which something was measured. Measured and published stand in columns of
 * their own; a cell that was not measured says so. experiment: only that one, or NULL. */
int il_report_tables(FILE *to, il_store *s, const char *table, const char *experiment, il_format format, il_err *e);

/* The cells of degraded pictures beside those of the same pictures as they are: for people a table for each kind of
 * degradation, its levels as columns; CSV and JSON list the view `robustness`. */
int il_report_robustness(FILE *to, il_store *s, const char *experiment, il_format format, il_err *e);

/* One page that needs nothing else. experiment: only that one, or NULL. The same bytes for the same database. */
int il_report_html(FILE *to, il_store *s, const char *experiment, il_err *e);

/* The experiments' tables with another measure than IoU as published; csv and json list its values. */
int il_report_measure(FILE *to, il_store *s, const il_measure *m, const char *experiment, bool degraded,
                      il_format format, il_err *e);

#endif
