/* build_lock.c - who fills a folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/file.h"
#include "base/network_disk.h"
#include "base/text.h"
#include "dataset/build_lock.h"

il_build_ending il_build_lock_ending(il_build_shard shard)
{
    il_build_ending x = { "" };
    if (shard.count)
        snprintf(x.text, sizeof x.text, "-%d-of-%d", shard.number, shard.count);
    return x;
}

static int fail_busy(const char *work, const char *who, il_err *e)
{
    const char *slash = strrchr(work, '/');
    return il_fail(e, IL_EBUSY, "%.*s: another process is writing to this folder%s%s", (int)(slash - work), work,
                   *who ? ": " : "", who);
}

/* ---- locks ---- */

static int lock(int *fd, const char *work, const char *name, int how, il_err *e)
{
    il_text path = { 0 };
    il_text_add(&path, "%s/%s", work, name);
    int rc = path.failed ? il_fail_oom(e) : IL_OK;
    if (!rc && (*fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)) < 0)
        rc = il_fail(e, IL_EIO, "%s: %s", path.data, strerror(errno));
    if (!rc && flock(*fd, how | LOCK_NB) != 0)
        rc = fail_busy(work, "", e);
    il_text_free(&path);
    return rc;
}

static int lock_all(il_build_lock *l, const char *work, il_build_shard shard, il_err *e)
{
    char own[60];
    int rc = lock(&l->all, work, "lock", shard.count ? LOCK_SH : LOCK_EX, e);
    snprintf(own, sizeof own, "lock%s", il_build_lock_ending(shard).text);
    return rc || !shard.count ? rc : lock(&l->own, work, own, LOCK_EX, e);
}

/* ---- claims ---- */

/* Whether somebody else has one that is in the way of ours. */
static int look_for_others(const char *work, const char *own, bool alone, il_err *e)
{
    il_file_names names = { 0 };
    int rc = il_file_list(&names, work, e);
    for (size_t i = 0; i < names.count && !rc; i++) {
        const char *name = names.list[i];
        bool matters = strcmp(name, "claim") == 0 || (alone && strncmp(name, "claim-", 6) == 0);
        char *path = matters && strcmp(name, own) != 0 && !strchr(name, '.') ? il_text_path(work, name) : NULL;
        if (path && il_claim_is_held(path))
            rc = fail_busy(work, "", e);
        free(path);
    }
    il_file_names_free(&names);
    return rc;
}

static int claim(il_build_lock *l, const char *work, il_build_shard shard, il_err *e)
{
    il_text path = { 0 };
    il_err who = { 0 };
    char own[60];
    snprintf(own, sizeof own, "claim%s", il_build_lock_ending(shard).text);
    il_text_add(&path, "%s/%s", work, own);
    int rc = path.failed ? il_fail_oom(&who) : il_claim_take(&l->claim, path.data, &who);
    il_text_free(&path);
    if (rc)
        return rc == IL_EBUSY ? fail_busy(work, who.message, e) : il_fail(e, rc, "%s", who.message);
    return look_for_others(work, own, !shard.count, e);
}

int il_build_lock_take(il_build_lock *out, const char *work, il_build_shard shard, il_err *e)
{
    il_build_lock l = IL_BUILD_UNLOCKED;
    int rc = il_network_disk(work) ? claim(&l, work, shard, e) : lock_all(&l, work, shard, e);
    if (rc)
        il_build_lock_release(&l);
    else
        *out = l;
    return rc;
}

void il_build_lock_release(il_build_lock *l)
{
    if (l->all >= 0)
        close(l->all);
    if (l->own >= 0)
        close(l->own);
    il_claim_release(l->claim);
    *l = IL_BUILD_UNLOCKED;
}
