/* export_program.hpp - a graph whose operators are found and whose arguments fit them: what is run. */
#ifndef IL_TORCH_EXPORT_PROGRAM_HPP
#define IL_TORCH_EXPORT_PROGRAM_HPP

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <optional>
#include "torch/export_graph.hpp"
#include "torch/export_number.hpp"

namespace exported
{

/* What an operator wants. */
enum class form { tensor, tensors, maybe_tensors, whole, wholes, real, reals, flag, flags, scalar, other };

struct operand {
    exported::form form = form::other;
    c10::IValue constant;    /* when items are empty */
    std::vector<item> items; /* with a slot among them */
    bool real = false;       /* of form::scalar: a constant is a real number */
};

struct step {
    enum class act {
        call,      /* of op */
        measure,   /* the size of a tensor in one dimension, or all of it */
        calculate, /* with sizes */
        require,   /* a condition */
        nothing    /* of what only exporters look at */
    } act = act::nothing;
    std::string name; /* for messages: "node 3 (conv2d): aten.conv2d.default" */
    std::optional<c10::OperatorHandle> op;
    const operation *calculation = nullptr;
    std::vector<operand> operands;
    std::vector<result> results;
    std::vector<int> last; /* slots that nothing needs any more */

    int flag = -1;       /* operand that says whether it trains */
    int written = -1;    /* slot of a buffer that it changes */
    std::string norm;    /* "encoder.bn1": the batch norm that it is, or whose batches it counts */
    int counter = -1;    /* slot of a buffer that counts its batches, which the graph of an evaluation leaves alone */
    double keeps = -1;   /* draws 0 or 1, 1 with this probability: in tests it is the probability itself */
    bool draws = false;  /* random numbers, in tests too */
    bool drops = false;  /* random numbers, in training */
    bool unset = false;  /* its result is to be filled */
    bool scaled = false; /* real operands are factors */
};

struct program {
    std::vector<step> steps;
    bool drops = false, draws = false; /* some step does */
    bool writes = false;               /* some step changes a tensor in place, perhaps a view of the image */
    std::string fixed;                 /* what in it stays random in tests; "": nothing */
};

/* Throws broken where an operator is unknown, is not allowed or is given what it does not take. */
program compile(const graph &g, at::Device device);

} // namespace exported

#endif
