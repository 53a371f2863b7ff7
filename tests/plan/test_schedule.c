/* test_schedule.c - learning rates beside those of PyTorch's schedulers (tests/data/make_tensor_figures.py). */
#include "plan/schedule.h"
#include "support/figures.h"

Test(schedule, as_pytorch)
{
    json_t *root = figures_load("schedule_figures.json"), *row, *factor;
    size_t i, step;
    json_array_foreach(root, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        uint64_t warmup = (uint64_t)json_integer_value(json_object_get(row, "warmup"));
        uint64_t steps = (uint64_t)json_integer_value(json_object_get(row, "steps"));
        json_array_foreach(json_object_get(row, "factors"), step, factor)
        {
            double ours = il_schedule_factor(il_schedule_parse(name), step, warmup, steps);
            cr_expect_float_eq(ours, json_number_value(factor), 1e-12, "%s, %d of %d, step %zu: %g", name, (int)warmup,
                               (int)steps, step, ours);
        }
        cr_assert_eq(step, steps);
    }
    cr_assert_eq(i, 7);
    json_decref(root);
}

Test(schedule, beyond_the_end)
{
    cr_assert_eq(il_schedule_factor(IL_SCHEDULE_CONSTANT, 9, 2, 5), 1);
    cr_assert_eq(il_schedule_factor(IL_SCHEDULE_LINEAR, 5, 2, 5), 0);
    cr_assert_eq(il_schedule_factor(IL_SCHEDULE_COSINE, 5, 5, 5), 0);
    cr_assert_eq(il_schedule_factor(IL_SCHEDULE_COSINE, 4, 5, 5), 1);
}
