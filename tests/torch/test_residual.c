#include <inpaintlab/residual.h>
#include "support/figures.h"
#include "torch/residual_kernel.h"

Test(residual, as_pytorch)
{
    json_t *root = figures_load("residual_figures.json");
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *image = figures_tensor(s, json_object_get(root, "image"));
    il_tensor *srm = il_residual_srm(s, image), *published = il_residual_published(s, image);
    il_tensor *truncated = il_residual_truncated(s, image, 3);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    figures_compare(srm, json_object_get(root, "srm"), 5e-5, "srm"); /* sums of terms around 1000 in float32 */
    figures_compare(published, json_object_get(root, "published"), 5e-5, "published");
    figures_compare(truncated, json_object_get(root, "truncated"), 5e-5, "truncated");
    il_scope_close(s);
    json_decref(root);
}

Test(residual, black_picture_gives_zeros)
{
    float out[48];
    il_scope *s = figures_scope(false, false);
    il_tensor *black = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 4, 4 });
    cr_assert_eq(il_read_f32(il_residual_published(s, black), out, 48, NULL), IL_OK);
    for (int i = 0; i < 48; i++)
        cr_assert_eq(out[i], 0, "element %d is %g", i, (double)out[i]);
    il_scope_close(s);
}

Test(residual, needs_three_channels)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    cr_assert_null(il_residual_srm(s, il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 1, 4, 4 })));
    cr_assert_eq(il_scope_status(s, &e), IL_ETORCH);
    il_scope_close(s);
}

/* The composed residual's filters: a copy to a GPU on every pass would wait for the device, and cannot be recorded. */
Test(residual, constants_are_sent_once)
{
    static float data[2] = { 1, 2 };
    float out[2];
    for (int i = 0; i < 3; i++) {
        il_scope *s = figures_scope(false, false);
        il_tensor *t = il_constant(s, data, 1, (int64_t[]){ 2 });
        cr_assert_eq(il_read_f32(t, out, 2, NULL), IL_OK);
        cr_expect(out[0] == 1 && out[1] == 2, "they were read again");
        il_scope_close(s);
        data[0] = 5;
    }
}
