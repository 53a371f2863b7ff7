/* export_graph.hpp - the graph that torch.export.save writes, as plain data: names have become numbers of slots, and every value
 * is made before it is used. What its operators do is not known here, nor is libtorch. */
#ifndef IL_TORCH_EXPORT_GRAPH_HPP
#define IL_TORCH_EXPORT_GRAPH_HPP

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace exported
{

/* What is wrong with the file, without its path. */
struct broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/* Text of the file for a message, cut short. */
std::string shown(std::string_view text);

enum class kind {
    none,
    tensor,
    tensors,
    whole,
    wholes,
    real,
    reals,
    flag,
    flags,
    text,
    dtype,
    format,
    layout,
    device,
    other
};

struct item {
    int slot = -1; /* below 0: the constant; of a list of tensors: none */
    int64_t whole = 0;
    double real = 0;
};

struct argument {
    std::string name; /* in the operator's schema */
    exported::kind kind = kind::none;
    std::vector<item> items; /* one, or those of a list */
    std::string text;        /* kind::other: how the file calls it */
};

struct result {
    exported::kind kind = kind::none;
    std::vector<int> slots;
};

struct node {
    std::string name;   /* as PyTorch prints it */
    std::string target; /* "torch.ops.aten.conv2d.default" */
    std::vector<argument> inputs;
    std::vector<result> outputs;
};

/* A tensor that the graph is given beside the image. */
struct given {
    enum class origin { parameter, buffer, constant } from;
    int slot;
    std::string name; /* in the state dict, or of the constant */
    bool persistent;  /* false: not in the state dict */
};

/* times * n + plus, where n is the same for all sides of that symbol. */
struct side {
    std::string symbol; /* "": only plus; "?": not understood, anything goes */
    int64_t times = 1, plus = 0;
    int64_t least = 0, most = INT64_MAX; /* of n */
};

struct output {
    int slot = -1;     /* below 0: no tensor */
    std::string name;  /* of the entry of a dict or named tuple that it is; "": has none */
    size_t entry = 0;  /* which entry of the dict, tuple or list it is or lies in */
    bool whole = true; /* is that entry, not a part of it */
};

struct graph {
    std::vector<node> nodes;
    std::vector<given> givens;
    int image = -1;          /* slot of the input */
    std::vector<side> sides; /* of the input */
    std::vector<output> outputs;
    bool container = false; /* the outputs are entries of a dict, tuple or list */
    size_t slots = 0;
};

/* A tensor in the archive. Sizes and strides are at least 0, and not more of them than most_dims. */
struct record {
    std::string path; /* of the bytes, in the folder of its configuration */
    int dtype = 0;    /* as torch.export numbers them */
    bool learns = false;
    std::vector<int64_t> sizes, strides;
    int64_t offset = 0; /* elements */
};

enum { most_dims = 16 };

/* Both throw broken. */
graph read_graph(std::string_view json);
std::map<std::string, record> read_records(std::string_view json);

} // namespace exported

#endif
