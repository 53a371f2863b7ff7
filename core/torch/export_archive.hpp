/* export_archive.hpp - the zip archive that torch.export.save writes: which of its files holds what. */
#ifndef IL_TORCH_EXPORT_ARCHIVE_HPP
#define IL_TORCH_EXPORT_ARCHIVE_HPP

#include <inpaintlab/error.h>
#include "torch/export_graph.hpp"
#include "torch/zip.hpp"

namespace exported
{

/* An il_err on its way out of nested calls. */
struct failed {
    il_err err;
};

/* Open while it lives. All throw broken or failed. */
class archive
{
  public:
    explicit archive(const char *path);
    ~archive();
    archive(const archive &) = delete;
    archive &operator=(const archive &) = delete;

    graph read_graph() const;
    std::map<std::string, record> weights() const, constants() const;

    /* Bytes of a weight or constant, whose checksum is right. */
    struct span {
        uint64_t at, bytes;
    };
    span find_weight(const std::string &path) const;
    span find_constant(const std::string &path) const;
    void read(void *out, uint64_t at, size_t bytes) const;

  private:
    int fd = -1;
    uint64_t size = 0;
    zip::directory entries;
    std::string root, model; /* "net/", "net": the folder in the archive, and the name of models/NAME.json */

    void open_entries();
    span find(const std::string &name) const;
    std::string text(const std::string &name, uint64_t most) const;
    std::map<std::string, record> records(const std::string &name) const;
};

} // namespace exported

#endif
