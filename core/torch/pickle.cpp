/* pickle.cpp - the pickle virtual machine, protocols 0 to 5, reduced to what describes data. */
#include <cstring>
#include "torch/pickle.hpp"

namespace pickle
{

/* A state dict has some twenty values per tensor. */
static const size_t most_values = 2000000;
static const size_t longest_name = 1000; /* of a class */

uint64_t reader::little(size_t bytes)
{
    if (bytes > size - at)
        throw broken("ends early");
    uint64_t n = 0;
    for (size_t i = bytes; i > 0; i--)
        n = n << 8 | data[at + i - 1];
    at += bytes;
    return n;
}

int64_t reader::signed_little(size_t bytes)
{
    uint64_t n = little(bytes);
    if (bytes > 0 && bytes < 8 && (n >> (8 * bytes - 1)) != 0)
        n |= ~uint64_t(0) << (8 * bytes);
    return static_cast<int64_t>(n);
}

std::string reader::take(uint64_t bytes)
{
    if (bytes > size - at)
        throw broken("ends early");
    std::string text(reinterpret_cast<const char *>(data + at), static_cast<size_t>(bytes));
    at += static_cast<size_t>(bytes);
    return text;
}

std::string reader::line()
{
    const void *end = memchr(data + at, '\n', size - at);
    if (!end)
        throw broken("ends early");
    std::string text = take(static_cast<size_t>(static_cast<const unsigned char *>(end) - data) - at);
    at++;
    return text;
}

value *reader::make(kind k)
{
    if (arena.size() >= most_values)
        throw broken("holds too many values");
    arena.emplace_back();
    arena.back().kind = k;
    stack.push_back(&arena.back());
    return &arena.back();
}

value *reader::make_text(std::string text)
{
    value *v = make(kind::text);
    v->text = std::move(text);
    return v;
}

value *reader::make_integer(int64_t n)
{
    value *v = make(kind::integer);
    v->number = n;
    return v;
}

/* Values below the last mark are out of reach. */
value *reader::top()
{
    if (stack.size() <= (marks.empty() ? 0 : marks.back()))
        throw broken("takes from an empty stack");
    return stack.back();
}

value *reader::pop()
{
    value *v = top();
    stack.pop_back();
    return v;
}

std::vector<value *> reader::pop_mark()
{
    if (marks.empty())
        throw broken("lacks a mark");
    auto from = stack.begin() + static_cast<std::ptrdiff_t>(marks.back());
    std::vector<value *> items(from, stack.end());
    stack.erase(from, stack.end());
    marks.pop_back();
    return items;
}

void reader::remember(uint64_t index)
{
    value *v = top();
    if (index >= most_values)
        throw broken("remembers too many values");
    if (index >= memo.size())
        memo.resize(static_cast<size_t>(index) + 1, nullptr);
    memo[static_cast<size_t>(index)] = v;
}

void reader::recall(uint64_t index)
{
    if (index >= memo.size() || !memo[static_cast<size_t>(index)])
        throw broken("recalls a value that is not there");
    if (stack.size() >= most_values)
        throw broken("holds too many values");
    stack.push_back(memo[static_cast<size_t>(index)]);
}

void reader::wide_integer(uint64_t bytes)
{
    if (bytes <= 8)
        make_integer(signed_little(static_cast<size_t>(bytes)));
    else
        make_text(take(bytes));
}

void reader::gather(kind k, std::vector<value *> items)
{
    if (k == kind::dict && items.size() % 2 != 0)
        throw broken("has a key without a value");
    make(k)->items = std::move(items);
}

/* Items added to an object are its own affair. */
void reader::append(const std::vector<value *> &items, kind to)
{
    value *v = top();
    if (to == kind::dict && items.size() % 2 != 0)
        throw broken("has a key without a value");
    if (v->kind == to)
        v->items.insert(v->items.end(), items.begin(), items.end());
    else if (v->kind != kind::object)
        throw broken("adds to something that is not a container");
}

/* The dict types are known by name; any other call is kept as it was written. */
void reader::call(value *callee, value *arguments)
{
    bool named = callee->kind == kind::global;
    if (named && (callee->text == "collections OrderedDict" || callee->text == "collections defaultdict")) {
        value *dict = make(kind::dict);
        if (callee->text != "collections OrderedDict" || arguments->items.size() != 1)
            return;
        copied += arguments->items[0]->items.size(); /* one list may be named again and again */
        if (copied > most_values)
            throw broken("holds too many values");
        for (const value *pair : arguments->items[0]->items)
            if (pair->items.size() == 2)
                dict->items.insert(dict->items.end(), pair->items.begin(), pair->items.end());
        return;
    }
    make(kind::object)->items = { callee, arguments };
}

bool reader::step_scalar(unsigned op)
{
    switch (op) {
    case 'N': make(kind::none); return true;
    case 0x88: make(kind::boolean)->number = 1; return true;
    case 0x89: make(kind::boolean); return true;
    case 'J': make_integer(signed_little(4)); return true;
    case 'K': make_integer(static_cast<int64_t>(little(1))); return true;
    case 'M': make_integer(static_cast<int64_t>(little(2))); return true;
    case 0x8a: wide_integer(little(1)); return true;
    case 0x8b: wide_integer(little(4)); return true;
    case 'G': take(8), make(kind::real); return true;
    case 'F': line(), make(kind::real); return true;
    case 'I':
    case 'L': {
        std::string text = line();
        if (op == 'I' && (text == "00" || text == "01"))
            make(kind::boolean)->number = text == "01";
        else
            make_integer(strtoll(text.c_str(), nullptr, 10));
        return true;
    }
    default: return false;
    }
}

bool reader::step_text(unsigned op)
{
    switch (op) {
    case 'S': {
        std::string text = line();
        bool quoted = text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0];
        make_text(quoted ? text.substr(1, text.size() - 2) : text);
        return true;
    }
    case 'V': make_text(line()); return true;
    case 'U':
    case 'C':
    case 0x8c: make_text(take(little(1))); return true;
    case 'T':
    case 'B':
    case 'X': make_text(take(little(4))); return true;
    case 0x8d:
    case 0x8e:
    case 0x96: make_text(take(little(8))); return true;
    default: return false;
    }
}

bool reader::step_container(unsigned op)
{
    switch (op) {
    case '(': marks.push_back(stack.size()); return true;
    case '0':
        if (!marks.empty() && stack.size() == marks.back())
            marks.pop_back();
        else
            pop();
        return true;
    case '1': pop_mark(); return true;
    case '2': top(), stack.push_back(stack.back()); return true;
    case ']':
    case 0x8f: make(kind::list); return true;
    case ')': make(kind::tuple); return true;
    case '}': make(kind::dict); return true;
    case 'l':
    case 0x91: gather(kind::list, pop_mark()); return true;
    case 't': gather(kind::tuple, pop_mark()); return true;
    case 'd': gather(kind::dict, pop_mark()); return true;
    case 0x85:
    case 0x86:
    case 0x87: {
        std::vector<value *> items(op - 0x84);
        for (size_t i = items.size(); i > 0; i--)
            items[i - 1] = pop();
        gather(kind::tuple, std::move(items));
        return true;
    }
    case 'a': {
        value *item = pop();
        append({ item }, kind::list);
        return true;
    }
    case 's': {
        value *item = pop(), *key = pop();
        append({ key, item }, kind::dict);
        return true;
    }
    case 'e':
    case 0x90: append(pop_mark(), kind::list); return true;
    case 'u': append(pop_mark(), kind::dict); return true;
    default: return false;
    }
}

bool reader::step_memo(unsigned op)
{
    switch (op) {
    case 'p': remember(strtoull(line().c_str(), nullptr, 10)); return true;
    case 'q': remember(little(1)); return true;
    case 'r': remember(little(4)); return true;
    case 0x94: remember(memo.size()); return true;
    case 'g': recall(strtoull(line().c_str(), nullptr, 10)); return true;
    case 'h': recall(little(1)); return true;
    case 'j': recall(little(4)); return true;
    default: return false;
    }
}

bool reader::step_object(unsigned op)
{
    switch (op) {
    case 'c': {
        std::string module = line();
        make(kind::global)->text = module + " " + line();
        return true;
    }
    case 0x93: {
        value *name = pop(), *module = pop();
        if (name->text.size() > longest_name || module->text.size() > longest_name)
            throw broken("names a class at endless length");
        make(kind::global)->text = module->text + " " + name->text;
        return true;
    }
    case 'R':
    case 0x81: {
        value *arguments = pop(), *callee = pop();
        call(callee, arguments);
        return true;
    }
    case 0x92: {
        pop();
        value *arguments = pop(), *callee = pop();
        call(callee, arguments);
        return true;
    }
    case 'b': pop(), top(); return true; /* an object's or OrderedDict's attributes */
    case 'Q': {
        value *id = pop();
        make(kind::persistent)->items = { id };
        return true;
    }
    default: return false;
    }
}

/* One operation; false at the end of a pickle. */
bool reader::step()
{
    unsigned op = static_cast<unsigned>(little(1));
    switch (op) {
    case '.': return false;
    case 0x80: little(1); return true; /* protocol */
    case 0x95: little(8); return true; /* frame */
    default: break;
    }
    if (!step_container(op) && !step_memo(op) && !step_text(op) && !step_scalar(op) && !step_object(op))
        throw broken("holds the unknown operation " + std::to_string(op));
    return true;
}

value *reader::load()
{
    stack.clear();
    marks.clear();
    memo.clear();
    while (step()) {
    }
    return pop();
}

} // namespace pickle
