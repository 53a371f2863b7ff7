/* log.c - the log that SQLite keeps beside a database, and its index: what opening one that is refused may leave of them. */
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

sqlite3_file *il_store_handle(il_store *s)
{
    sqlite3_file *file = NULL;
    int result = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return result == SQLITE_OK && file && file->pMethods ? file : NULL;
}

/* Under the lock that SQLite takes before it removes a log: nobody else has the database open then. Closing lets go of it. */
static void drop_log(il_store *s)
{
    const char *name = sqlite3_db_filename(s->db, "main");
    sqlite3_file *file = name && *name ? il_store_handle(s) : NULL;
    if (!file || file->pMethods->xLock(file, SQLITE_LOCK_SHARED) != SQLITE_OK ||
        file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE) != SQLITE_OK)
        return;
    if (!s->had_log)
        drop(name, "-wal", true);
    if (!s->had_index)
        drop(name, "-shm", false);
}

void il_store_let_go(il_store *s)
{
    if (s && !(s->had_log && s->had_index))
        drop_log(s);
    il_store_close(s);
}
