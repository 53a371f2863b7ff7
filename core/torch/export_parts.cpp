/* export_parts.cpp - where a graph can be cut, so that training keeps what goes from part to part and computes the rest again. */
#include <algorithm>
#include <cmath>
#include <string_view>
#include "torch/export_program.hpp"

namespace exported
{

namespace
{

template <class F> void for_each_slot(const operand &o, F body)
{
    for (const item &i : o.items)
        if (i.slot >= 0)
            body(static_cast<size_t>(i.slot));
}

template <class F> void for_each_result(const step &s, F body)
{
    for (const result &r : s.results)
        for (int slot : r.slots)
            body(static_cast<size_t>(slot));
}

class divider
{
  public:
    divider(const program &from, const graph &of);
    std::vector<part> parts();

  private:
    static constexpr int before = -1; /* the first step */
    const program &p;
    const graph &g;
    int count; /* of steps */
    std::vector<bool> given;
    std::vector<bool> swayed;    /* of a memory: weights have a say in what it holds */
    std::vector<int> made, used; /* of a slot: the step that makes it, and the last one that needs it */
    std::vector<int> live;       /* tensors that cross a cut before that step; -1: it must not be cut there */
    std::vector<size_t> same;    /* slots that may share memory: another one, or itself */

    size_t memory_of(size_t slot);
    bool learns(size_t slot);
    void look_at_slots();
    void join(const step &s);
    bool spread();
    void bar();
    void count_live();
    int best(int from, int to, int wanted) const;
    part make(int first, int end);
};

divider::divider(const program &from, const graph &of)
    : p(from), g(of), count(static_cast<int>(from.steps.size())), given(of.slots), swayed(of.slots),
      made(of.slots, before), used(of.slots, before), live(from.steps.size() + 1), same(of.slots)
{
    for (size_t i = 0; i < same.size(); i++)
        same[i] = i;
    look_at_slots();
    for (const exported::given &x : g.givens) {
        size_t slot = static_cast<size_t>(x.slot);
        given[slot] = true;
        if (x.from == given::origin::parameter)
            swayed[memory_of(slot)] = true;
    }
    while (spread())
        ;
    count_live();
    bar();
}

size_t divider::memory_of(size_t slot)
{
    while (same[slot] != slot)
        slot = same[slot] = same[same[slot]];
    return slot;
}

bool divider::learns(size_t slot)
{
    return swayed[memory_of(slot)];
}

void divider::look_at_slots()
{
    for (int i = 0; i < count; i++) {
        const step &s = p.steps[static_cast<size_t>(i)];
        for (const operand &o : s.operands)
            for_each_slot(o, [&](size_t slot) { used[slot] = i; });
        for_each_result(s, [&](size_t slot) { made[slot] = used[slot] = i; });
        join(s);
    }
    for (int slot : g.outputs)
        if (slot >= 0)
            used[static_cast<size_t>(slot)] = count;
}

/* Views, and operators that may hand back what they were given, which their schemas do not say. */
void divider::join(const step &s)
{
    static const std::string_view silent = " aten::dropout aten::feature_dropout aten::alpha_dropout"
                                           " aten::feature_alpha_dropout aten::type_as aten::meshgrid"
                                           " aten::broadcast_tensors aten::atleast_1d aten::atleast_2d ";
    if (!s.op)
        return;
    const c10::FunctionSchema &schema = s.op->schema();
    bool any = silent.find(" " + schema.name() + " ") != std::string_view::npos ||
               std::ranges::any_of(schema.returns(), [](const c10::Argument &a) { return a.alias_info() != nullptr; });
    if (!any)
        return;
    for_each_result(s, [&](size_t made_here) {
        for (const operand &o : s.operands)
            if (o.form == form::tensor || o.form == form::tensors)
                for_each_slot(o, [&](size_t slot) { same[memory_of(slot)] = memory_of(made_here); });
    });
}

/* From arguments to results, and to what is changed in place, which earlier steps may have looked at. */
bool divider::spread()
{
    bool more = false;
    for (const step &s : p.steps) {
        bool follows = false;
        for (const operand &o : s.operands)
            for_each_slot(o, [&](size_t slot) { follows = follows || learns(slot); });
        if (!follows || s.act != step::act::call)
            continue;
        auto sway = [&](size_t slot) {
            more = more || !learns(slot);
            swayed[memory_of(slot)] = true;
        };
        for_each_result(s, sway);
        if (s.writes)
            for_each_slot(s.operands[0], sway);
    }
    return more;
}

/* What is changed in place must have been made in the same part, or the second time would begin with the changed values. */
void divider::bar()
{
    std::vector<int> born(same.size(), count);
    for (size_t i = 0; i < same.size(); i++)
        born[memory_of(i)] = std::min(born[memory_of(i)], made[i]);
    for (int i = 0; i < count; i++) {
        const step &s = p.steps[static_cast<size_t>(i)];
        if (!s.writes)
            continue;
        int first = born[memory_of(static_cast<size_t>(s.operands[0].items[0].slot))];
        for (int cut = first + 1; cut <= i; cut++)
            live[static_cast<size_t>(cut)] = -1;
    }
}

void divider::count_live()
{
    for (size_t slot = 0; slot < given.size(); slot++)
        for (int cut = made[slot] + 1; learns(slot) && !given[slot] && cut <= std::min(used[slot], count); cut++)
            live[static_cast<size_t>(cut)]++;
}

/* The cut that the fewest tensors cross, of several the one next to `wanted`; `from`: there is none. */
int divider::best(int from, int to, int wanted) const
{
    int found = from;
    for (int cut = from + 1; cut < std::min(to, count); cut++) {
        int now = live[static_cast<size_t>(cut)], least = live[static_cast<size_t>(found)];
        if (now >= 0 &&
            (found == from || now < least || (now == least && std::abs(cut - wanted) < std::abs(found - wanted))))
            found = cut;
    }
    return found;
}

part divider::make(int first, int end)
{
    part x = { static_cast<size_t>(first), static_cast<size_t>(end), {}, {}, {}, false };
    std::vector<bool> seen(given.size());
    for (int i = first; i < end; i++) {
        const step &s = p.steps[static_cast<size_t>(i)];
        x.draws = x.draws || s.drops || s.draws || s.keeps >= 0;
        for (const operand &o : s.operands)
            for_each_slot(o, [&](size_t slot) {
                if (!given[slot] && made[slot] < first && !seen[slot])
                    x.in.push_back(static_cast<int>(slot));
                seen[slot] = true;
            });
        for_each_result(s, [&](size_t slot) {
            if (learns(slot) && used[slot] >= end)
                x.out.push_back(static_cast<int>(slot));
        });
    }
    for (size_t i = 0; i < g.givens.size(); i++)
        if (g.givens[i].from == given::origin::parameter && seen[static_cast<size_t>(g.givens[i].slot)])
            x.weights.push_back(i);
    return x;
}

/* About as many parts as steps in each, which needs the least memory where all steps are alike. */
std::vector<part> divider::parts()
{
    std::vector<part> all;
    int length = std::max(2, static_cast<int>(std::lround(std::sqrt(count))));
    for (int first = 0, end; first < count; first = end) {
        int from = first + length / 2, to = from + length;
        while ((end = best(from, to, first + length)) == from && to < count) /* barred all along */
            to += length;
        if (end == from || count - end < length / 2)
            end = count;
        all.push_back(make(first, end));
    }
    return all;
}

} // namespace

std::vector<part> divide(const program &p, const graph &g)
{
    return divider(p, g).parts();
}

} // namespace exported
