/* zip.hpp - the entries of an uncompressed zip archive, as torch.save writes them. */
#ifndef IL_TORCH_ZIP_HPP
#define IL_TORCH_ZIP_HPP

#include <cstdint>
#include <map>
#include <string>
#include <inpaintlab/error.h>

namespace zip
{

struct entry {
    uint64_t size = 0;
    uint64_t header = 0; /* position of the local header */
    uint32_t crc = 0;
    bool stored = false; /* not compressed */
    uint64_t packed = 0; /* bytes in the file */
    bool deflated = false;
};

using directory = std::map<std::string, entry>;

int read_directory(directory *out, int fd, uint64_t size, il_err *e);

/* Finds the data of an entry that is stored and compares their checksum. */
int locate(uint64_t *position, const std::string &name, const entry &x, int fd, uint64_t size, il_err *e);

/* All entries, stored and deflated: that they lie in the file, that what they hold has the size and the checksum that the directory
 * says, and that together they are not out of proportion to the file. */
int check(int fd, uint64_t size, il_err *e);

} // namespace zip

#endif
