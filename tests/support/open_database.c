/* open_database DATABASE - opens a database of results to write to and closes it: an older one is brought up to date, and
 * metrics that are missing are computed. For tests whose databases come from elsewhere. */
#include <stdio.h>
#include "store/store.h"

int main(int count, char **words)
{
    il_err e = { 0 };
    il_store *store = NULL;
    if (count != 2) {
        fprintf(stderr, "usage: open_database DATABASE\n");
        return 2;
    }
    int rc = il_store_open(&store, words[1], &e);
    if (rc)
        fprintf(stderr, "%s\n", e.message);
    il_store_close(store);
    return rc ? 1 : 0;
}
