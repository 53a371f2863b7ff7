/* fixture.h - a new database in a folder of its own, opened before each test and removed after it. */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include "support/results.h"

static struct folder folder;
static struct file path; /* of the database */
static il_store *store;

static inline void set_up(void)
{
    folder = new_folder();
    path = in_folder(folder, "r.sqlite");
    GOOD(il_store_open(&store, path.path, &e));
}

static inline void tear_down(void)
{
    il_store_close(store);
    remove_folder(folder);
}

#endif
