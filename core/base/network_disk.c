/* network_disk.c - file systems that other hosts share, by the number that statfs gives them. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include "base/network_disk.h"

static const struct {
    uint32_t type;
    const char *name;
} shared[] = {
    { 0x6969, "NFS" },      { 0x0BD00BD0, "Lustre" }, { 0x47504653, "GPFS" }, { 0xFE534D42, "SMB" },
    { 0xFF534D42, "CIFS" }, { 0x19830326, "BeeGFS" }, { 0x00C36400, "Ceph" }, { 0x5346414F, "AFS" },
    { 0x65735546, "FUSE" }, /* sshfs and the like; it does not tell them from those that are local */
};

/* Cuts off the last part: "a/b" -> "a" -> "." */
static void go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = '\0';
    else
        memcpy(path, ".", sizeof "."); /* as long as the name that stood there, or shorter */
}

const char *il_network_disk(const char *path)
{
    struct statfs fs;
    char at[4096];
    if (snprintf(at, sizeof at, "%s", *path ? path : ".") >= (int)sizeof at)
        return NULL;
    while (statfs(at, &fs) != 0) {
        if ((errno != ENOENT && errno != ENOTDIR) || strcmp(at, ".") == 0 || strcmp(at, "/") == 0)
            return NULL;
        go_up(at);
    }
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if ((uint32_t)fs.f_type == shared[i].type)
            return shared[i].name;
    return NULL;
}
