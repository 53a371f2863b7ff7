/* network_disk.h - whether a path lies on a disk that other hosts share. There shared memory does not reach, so that SQLite's
 * log (WAL) corrupts databases, and flock is not to be relied upon. */
#ifndef IL_BASE_NETWORK_DISK_H
#define IL_BASE_NETWORK_DISK_H

/* What it is called, as in "NFS"; NULL for a disk of this host. Of a path that does not exist yet: its folder's. */
const char *il_network_disk(const char *path);

#endif
