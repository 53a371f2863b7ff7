/* pickle.hpp - reads Python pickles as plain data. Nothing is imported or called: a class or function stays a name. */
#ifndef IL_TORCH_PICKLE_HPP
#define IL_TORCH_PICKLE_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace pickle
{

enum class kind {
    none,
    boolean,    /* number */
    integer,    /* number */
    real,       /* left unread: no weight file needs it */
    text,       /* text; bytes and integers beyond 64 bits too */
    list,       /* items; sets too */
    tuple,      /* items */
    dict,       /* items: key, value, key, value … */
    global,     /* text: "module name" */
    persistent, /* items: the identifier */
    object      /* items: what was called, its arguments */
};

struct value {
    pickle::kind kind = pickle::kind::none;
    int64_t number = 0;
    std::string text;
    std::vector<value *> items;
};

struct broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/* Reads the pickles that follow each other in memory. Values live as long as the reader, and may be cyclic. */
class reader
{
  public:
    reader(const unsigned char *data, size_t size) : data(data), size(size)
    {
    }
    value *load(); /* throws broken or std::bad_alloc */
    size_t position() const
    {
        return at;
    }
    const std::deque<value> &values() const
    {
        return arena;
    } /* all that were read */

  private:
    const unsigned char *data;
    size_t size, at = 0;
    size_t copied = 0; /* items that calls copied */
    std::deque<value> arena;
    std::vector<value *> stack;
    std::vector<size_t> marks;
    std::vector<value *> memo;

    uint64_t little(size_t bytes);
    int64_t signed_little(size_t bytes);
    std::string take(uint64_t bytes);
    std::string line();
    value *make(kind k);
    value *make_text(std::string text);
    value *make_integer(int64_t n);
    value *pop();
    value *top();
    std::vector<value *> pop_mark();
    void remember(uint64_t index);
    void recall(uint64_t index);
    void wide_integer(uint64_t bytes);
    void gather(kind k, std::vector<value *> items);
    void append(const std::vector<value *> &items, kind to);
    void call(value *callee, value *arguments);
    bool step();
    bool step_scalar(unsigned op);
    bool step_text(unsigned op);
    bool step_container(unsigned op);
    bool step_memo(unsigned op);
    bool step_object(unsigned op);
};

} // namespace pickle

#endif
