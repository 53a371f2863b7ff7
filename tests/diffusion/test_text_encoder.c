#include <inpaintlab/weights.h>
#include "networks.h"

static il_text_encoder *open_kind(const char *kind, const il_network_opts *o)
{
    il_err e = { 0 };
    il_text_encoder *t = NULL;
    OK(il_text_encoder_open(&t, data_path(kind, "text_encoder").text, o, &e));
    return t;
}

/* The greatest difference from PyTorch in float32. */
static double run(const char *kind, const il_network_opts *o)
{
    il_bundle *b = read_bundle(data_path(kind, "figures.safetensors").text);
    il_text_encoder *t = open_kind(kind, o);
    il_scope *s = open_scope();
    il_tensor *out = il_text_encoder_apply(s, t, input(s, b, "text.%s", "ids"));
    double most = difference(s, out, figure(b, "text.%s", "out"));
    cr_log_info("%s: greatest difference %.2g", kind, most);
    il_scope_close(s);
    il_text_encoder_free(t);
    il_bundle_free(b);
    return most;
}

Test(text_encoder, as_transformers)
{
    for (int i = 0; i < KINDS; i++)
        cr_assert_leq(run(kinds[i], &in_f32), 1e-5, "%s", kinds[i]);
}

Test(text_encoder, half_types_are_near)
{
    for (int i = 0; i < KINDS; i++) {
        double half = run(kinds[i], IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F16));
        double brain = run(kinds[i], IL_OPTS(il_network_opts, .dtype = IL_DTYPE_BF16));
        cr_assert(half > 1e-5 && half < 0.02, "%s: %g", kinds[i], half); /* not float32 after all */
        cr_assert(brain > half && brain < 0.2, "%s: %g", kinds[i], brain);
    }
}

Test(text_encoder, earlier_positions_do_not_see_later_ones)
{
    int64_t ids[2][6] = { { 5, 6, 7, 8, 9, 10 }, { 5, 6, 7, 8, 11, 12 } };
    float out[2][6][32];
    il_err e = { 0 };
    il_text_encoder *t = open_kind("sd2-small", &in_f32);
    il_scope *s = open_scope();
    il_tensor *x = il_text_encoder_apply(s, t, il_from_bytes(s, ids, IL_DTYPE_I64, 2, (int64_t[]){ 2, 6 }));
    OK(il_scope_status(s, &e));
    OK(il_read_f32(x, &out[0][0][0], 384, &e));
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 32; c++)
            cr_assert_float_eq(out[0][i][c], out[1][i][c], 1e-6);
    cr_assert_float_neq(out[0][4][0], out[1][4][0], 1e-3);
    il_scope_close(s);
    il_text_encoder_free(t);
}

Test(text_encoder, full_parameter_counts)
{
    static const struct {
        const char *folder;
        int64_t count;
    } full[] = { { "sd15-inpainting/text_encoder", 123060480 }, { "sd2-inpainting/text_encoder", 340387840 } };
    for (size_t i = 0; i < 2; i++) {
        il_text_encoder *t = NULL;
        il_err e = { 0 };
        OK(il_text_encoder_open(&t, data_path("full", full[i].folder).text,
                                IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true), &e));
        cr_assert_eq(il_text_encoder_params(t), full[i].count);
        cr_assert_eq(full_count(full[i].folder), full[i].count);
        il_text_encoder_free(t);
    }
}

Test(text_encoder, refuses_ids)
{
    static const struct {
        int64_t id;
        int64_t shape[2];
        const char *part;
        int ndim, code;
    } wrong[] = {
        { 2514, { 1, 1 }, "index 2514 is not in 0 to 2513", 2, IL_ETORCH },
        { -1, { 1, 1 }, "index -1 is not in 0 to 2513", 2, IL_ETORCH },
        { 0, { 1, 0 }, "ids must have the shape (N,L), L at most 77", 1, IL_EPARAM },
        { 0, { 1, 78 }, "ids must have the shape (N,L), L at most 77", 2, IL_EPARAM },
    };
    il_text_encoder *t = open_kind("sd15-small", &in_f32);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_err e = { 0 };
        il_scope *s = open_scope();
        il_tensor *ids = il_full(s, (double)wrong[i].id, IL_DTYPE_I64, wrong[i].ndim, wrong[i].shape);
        cr_assert_null(il_text_encoder_apply(s, t, ids));
        expect_message(il_scope_status(s, &e), wrong[i].code, &e, wrong[i].part);
        il_scope_close(s);
    }
    il_scope *s = open_scope();
    il_err e = { 0 };
    cr_assert_null(il_text_encoder_apply(s, t, NULL));
    expect_message(il_scope_status(s, &e), IL_ETORCH, &e, "missing");
    il_scope_close(s);
    il_text_encoder_free(t);
}

Test(text_encoder, refuses_options)
{
    static const struct {
        const char *key, *value, *part;
    } wrong[] = {
        { "model_type", "\"t5\"", "config.json: 'model_type' is \"t5\"; expected \"clip_text_model\"" },
        { "hidden_act", "\"relu\"", "config.json: 'hidden_act' is \"relu\"; expected quick_gelu or gelu" },
        { "hidden_act", "3", "'hidden_act' is 3; expected quick_gelu or gelu" },
        { "num_attention_heads", "5", "'num_attention_heads' is 5; expected a divisor of hidden_size (32)" },
        { "num_attention_heads", "0", "'num_attention_heads' is 0; expected an integer from 1 to 65536" },
        { "hidden_size", "\"32\"", "'hidden_size' is \"32\"; expected an integer from 1 to 65536" },
        { "hidden_size", "32.5", "'hidden_size' is 32.5; expected an integer" },
        { "hidden_size", "9223372036854775807", "'hidden_size' is 9223372036854775807; expected an integer" },
        { "num_hidden_layers", "65", "'num_hidden_layers' is 65; expected an integer from 1 to 64" },
        { "layer_norm_eps", "\"x\"", "'layer_norm_eps' is \"x\"; expected a number" },
    };
    path from = data_path("sd15-small", "text_encoder"), folder = temp_folder();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_text_encoder *t = NULL;
        il_err e = { 0 };
        edit_config(&folder, from.text, wrong[i].key, wrong[i].value);
        int rc = il_text_encoder_open(&t, folder.text,
                                      IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true), &e);
        expect_message(rc, IL_EFORMAT, &e, wrong[i].part);
        cr_assert_null(t);
    }
    remove_folder(&folder);
}

Test(text_encoder, refuses_files)
{
    static const struct {
        const char *text, *part;
        int code;
    } wrong[] = {
        { NULL, "config.json: No such file or directory", IL_EIO },
        { "{", "config.json:1: invalid JSON", IL_EFORMAT },
        { "", "invalid JSON", IL_EFORMAT },
        { "[1]", "config.json: expected a JSON object", IL_EFORMAT },
        { "{\"hidden_size\": 32, \"hidden_size\": 64}", "invalid JSON: duplicate", IL_EFORMAT },
        { "{}", "model.safetensors: the file does not exist", IL_EIO },
    };
    path folder = temp_folder();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_text_encoder *t = NULL;
        il_err e = { 0 };
        if (wrong[i].text)
            write_text(in_folder(&folder, "config.json").text, wrong[i].text);
        expect_message(il_text_encoder_open(&t, folder.text, &in_f32, &e), wrong[i].code, &e, wrong[i].part);
    }
    remove_folder(&folder);
    il_text_encoder *t = NULL;
    il_err e = { 0 };
    int rc = il_text_encoder_open(&t, data_path("sd15-small", "text_encoder").text,
                                  IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F64), &e);
    expect_message(rc, IL_EPARAM, &e, "must be float32, float16 or bfloat16");
}
