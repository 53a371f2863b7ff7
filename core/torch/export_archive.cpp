/* export_archive.cpp - finds the graph, the weights and the constants; pickles and sample inputs are not looked at. */
#include <unistd.h>
#include "base/file.h"
#include "torch/export_archive.hpp"

namespace exported
{

namespace
{

const uint64_t most_json = 256u << 20;
const size_t most_tensors = 20000;

void check(int rc, const il_err &err)
{
    if (rc != IL_OK)
        throw failed{ err };
}

} // namespace

archive::archive(const char *path)
{
    il_err err = {};
    check(il_file_open(&fd, &size, path, IL_FILE_ANY, &err), err);
    try {
        open_entries();
    } catch (...) {
        close(fd);
        throw;
    }
}

archive::~archive()
{
    close(fd);
}

/* The folder that holds models/NAME.json. */
void archive::open_entries()
{
    static const std::string folder = "models/", suffix = ".json", old = "serialized_exported_program.json";
    il_err err = {};
    unsigned char head[2] = { 0 };
    if (size < sizeof head || il_file_pread(fd, head, sizeof head, 0, &err) != IL_OK || head[0] != 'P' ||
        head[1] != 'K')
        throw broken("is not a file of torch.export.save");
    check(zip::read_directory(&entries, fd, size, &err), err);
    for (const auto &[name, entry] : entries) {
        size_t at = name.find(folder);
        if (name.ends_with(old))
            throw broken("was exported by a PyTorch before 2.9; save it again with a newer one");
        if (at == std::string::npos || (at > 0 && name[at - 1] != '/') || !name.ends_with(suffix))
            continue;
        if (!model.empty())
            throw broken("holds several models; expected one");
        root = name.substr(0, at);
        model = name.substr(at + folder.size(), name.size() - suffix.size() - at - folder.size());
    }
    if (model.empty())
        throw broken(
            "is a zip archive, but not one of torch.export.save; one of torch.jit.save is for the model torchscript");
    if (text(root + "archive_format", 16) != "pt2")
        throw broken("has another archive_format than pt2");
    if (entries.count(root + "byteorder") && text(root + "byteorder", 16) != "little")
        throw broken("was written on a big-endian machine");
    if (entries.count(root + "data/weights/" + model + ".pt"))
        throw broken("was exported by a PyTorch before 2.9; save it again with a newer one");
}

archive::span archive::find(const std::string &name) const
{
    auto entry = entries.find(name);
    if (entry == entries.end())
        throw broken("lacks the archive entry " + shown(name));
    span s = { 0, entry->second.size };
    il_err err = {};
    check(zip::locate(&s.at, entry->first, entry->second, fd, size, &err), err);
    return s;
}

std::string archive::text(const std::string &name, uint64_t most) const
{
    span s = find(name);
    if (s.bytes > most)
        throw broken(shown(name) + " inside the archive is larger than " + std::to_string(most) + " bytes");
    std::string all(static_cast<size_t>(s.bytes), '\0');
    read(all.data(), s.at, all.size());
    return all;
}

void archive::read(void *out, uint64_t at, size_t bytes) const
{
    il_err err = {};
    check(il_file_pread(fd, out, bytes, at, &err), err);
}

graph archive::read_graph() const
{
    return exported::read_graph(text(root + "models/" + model + ".json", most_json));
}

std::map<std::string, record> archive::records(const std::string &name) const
{
    std::map<std::string, record> all = read_records(text(root + name, most_json));
    if (all.size() > most_tensors)
        throw broken("holds too many tensors");
    return all;
}

std::map<std::string, record> archive::weights() const
{
    return records("data/weights/" + model + "_weights_config.json");
}

std::map<std::string, record> archive::constants() const
{
    return records("data/constants/" + model + "_constants_config.json");
}

archive::span archive::find_weight(const std::string &path) const
{
    return find(root + "data/weights/" + path);
}

archive::span archive::find_constant(const std::string &path) const
{
    return find(root + "data/constants/" + path);
}

} // namespace exported
