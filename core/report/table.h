/* table.h - a table for people, whatever the format: rows, the lines around them, and how columns and cells look. A format shows
 * what it can and leaves the rest out. */
#ifndef IL_REPORT_TABLE_H
#define IL_REPORT_TABLE_H

#include "report/notes.h"
#include "store/store.h"

/* Whom a table is made for: each has room for other columns and lines. */
typedef enum il_medium { IL_MEDIUM_TEXT, IL_MEDIUM_LATEX, IL_MEDIUM_PAGE } il_medium; /* text: Markdown too */

/* How a column looks. */
typedef struct il_table_column {
    bool numeric;      /* for il_table_add: numbers, or words among them, which stand to the right as well */
    bool label;        /* its values name the row */
    bool main;         /* the values that readers look for */
    bool paper;        /* what the paper printed */
    bool as_is;        /* numbers keep their digits */
    bool sign;         /* numbers above 0 have a plus */
    bool code;         /* hashes and the like */
    bool wraps;        /* long texts, which may take several lines */
    const char *group; /* a head above the columns that stand together with the same one; NULL: none */
} il_table_column;

/* How a cell looks. */
typedef struct il_table_cell {
    il_text markup;      /* what a page shows in place of the value */
    il_text under;       /* a smaller line under the value */
    const char *warning; /* a word beside the value */
    int64_t anchor;      /* ends the id of the cell; 0: none */
    bool best, hole;     /* what stands out; what lacks */
    bool one_seed;       /* of what stands out: best of single trainings */
} il_table_cell;

/* Starts with {0}. Columns are added first, then values row by row. */
typedef struct il_table {
    il_rows rows;
    il_text title, label; /* label: any text that names it; what LaTeX's \label does not take becomes a dash */
    il_footnotes notes;
    const char *anchors; /* begin the ids of cells */
    il_table_column *columns;
    il_table_cell *cells; /* rows.count * rows.columns; NULL: none looks like anything */
    size_t room, filled;  /* values that there is room for; that are there */
    bool failed;          /* memory ran out; then this stands in for a cell */
    il_table_cell no_cell;
} il_table;

void il_table_add(il_table *t, const char *name, il_table_column look);

/* Three decimals, below 0.01 so many significant digits (0.0003, not 0.000), and no minus before nothing. */
void il_table_digits(char to[32], double value, int digits);
void il_table_decimals(char to[32], double value); /* two, as what is measured deserves */

/* The next value; NULL and NAN are none. The cell is lent until the next value comes. */
il_table_cell *il_table_text(il_table *t, const char *text);
il_table_cell *il_table_number(il_table *t, double value); /* as il_table_decimals writes them */
il_table_cell *il_table_real(il_table *t, double value);   /* as SQLite writes reals */
il_table_cell *il_table_int(il_table *t, int64_t value);

/* Takes a query's rows, which are empty then; all columns look alike at first. */
void il_table_take(il_table *t, il_rows *rows);

/* IL_ENOMEM when any of the above found no memory. */
int il_table_check(const il_table *t, il_err *e);
void il_table_free(il_table *t);

#endif
