/* log.c - the log that SQLite keeps beside a database, and its index: what opening one that is refused may leave of them. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "store/database.h"

void il_store_keep_log(il_store *s, bool yes)
{
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, yes, NULL);
}

static bool is_there(const char *path, const char *ending)
{
    il_text name = { 0 };
    il_text_add(&name, "%s%s", path, ending);
    bool there = name.failed || access(name.data, F_OK) == 0;
    il_text_free(&name);
    return there;
}

void il_store_note_log(il_store *s)
{
    const char *file = sqlite3_db_filename(s->db, "main");
    s->had_log = !file || !*file || is_there(file, "-wal");
    s->had_index = !file || !*file || is_there(file, "-shm");
}

static void drop(const char *file, const char *ending, bool empty)
{
    struct stat st;
    il_text name = { 0 };
    il_text_add(&name, "%s%s", file, ending);
    if (!name.failed && (!empty || (stat(name.data, &st) == 0 && st.st_size == 0)))
        unlink(name.data);
    il_text_free(&name);
}

/* Under the lock that SQLite takes before it removes a log: nobody else has the database open then. */
static void drop_log(const char *file, bool log, bool index)
{
    enum { FIRST = 0x40000002, COUNT = 510 }; /* the bytes of SQLite's shared lock */
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = FIRST, .l_len = COUNT };
    int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fcntl(fd, F_SETLK, &all) == 0) {
        if (log)
            drop(file, "-wal", true);
        if (index)
            drop(file, "-shm", false);
    }
    if (fd >= 0)
        close(fd);
}

void il_store_let_go(il_store *s)
{
    bool log = s && !s->had_log, index = s && !s->had_index;
    char *file = log || index ? il_text_copy(sqlite3_db_filename(s->db, "main")) : NULL;
    il_store_close(s);
    if (file)
        drop_log(file, log, index);
    free(file);
}
