#!/usr/bin/env bash
# install.sh BUILD_DIR SOURCE_DIR - installs into a folder of its own; the program there must answer, complete and have a
# man page, and a loss written outside the tree, built with pkg-config, must be found by path and by folder, and train.
. "$(dirname "$0")/script.sh"
build=$(realpath "$1")

cmake --install "$build" --prefix "$work/usr" >"$work/install.log" 2>&1 || fail "$(tail -5 "$work/install.log")"
cd "$work" || exit 1
pc=$(dirname "$(find usr -name inpaintlab.pc)")
lib=$(dirname "$pc")
export PATH=$work/usr/bin:$PATH PKG_CONFIG_PATH=$work/$pc

for command in plan run report compare sql detect dataset plugins new check-plugin; do
  inpaintlab $command --help >out.txt || fail "$command --help: status $?"
  grep -q "^usage: inpaintlab $command" out.txt || fail "$command --help: no usage line"
  grep -qE "^\.B $command( |\$)" usr/share/man/man1/inpaintlab.1 || fail "the man page does not tell of $command"
done
for file in share/inpaintlab/results.sql share/inpaintlab/results-2.sql share/inpaintlab/results-3.sql share/inpaintlab/results-4.sql \
    share/inpaintlab/results-5.sql share/inpaintlab/results-6.sql share/inpaintlab/results-7.sql share/inpaintlab/results-8.sql share/inpaintlab/results-9.sql share/inpaintlab/current.sql share/inpaintlab/published-settings.csv \
    share/inpaintlab/experiment.yaml share/inpaintlab/recipe.yaml share/inpaintlab/published.csv \
    share/inpaintlab/experiments/table3.yaml include/inpaintlab/plugin.h; do
  [ -s "usr/$file" ] || fail "$file is not installed"
done

if command -v sqlite3 >/dev/null; then
  [ "$(sqlite3 :memory: ".load $PWD/$lib/inpaintlab/inpaintlab_sql" 'SELECT il_iou(1, 1, 2)')" = 0.25 ] ||
    fail "sqlite3 cannot load the functions"
fi

. usr/share/bash-completion/completions/inpaintlab
COMP_WORDS=(inpaintlab re) COMP_CWORD=1; _inpaintlab
[ "${COMPREPLY[*]}" = report ] || fail "completion of 're': ${COMPREPLY[*]}"
COMP_WORDS=(inpaintlab plugins ni) COMP_CWORD=2; _inpaintlab
[ "${COMPREPLY[*]}" = nix ] || fail "completion of 'plugins ni': ${COMPREPLY[*]}"

mkdir mine
cat > mine/tversky.c <<'EOF'
/* tversky.c - loss: 1 - tp / (tp + alpha fp + (1 - alpha) fn) on soft counts. */
#include <inpaintlab/plugin.h>

static const il_param_spec params[] = {
    { "alpha", IL_PARAM_REAL, "0.5", 0, 1, NULL, "weight of false positives" },
    { NULL, IL_PARAM_BOOL, NULL, 0, 0, NULL, NULL },
};

static int tversky_open(void **out, const il_params *p, il_err *e)
{
    (void)e;
    *out = (void *)p; /* the settings outlive the instance */
    return IL_OK;
}

static void tversky_close(void *self)
{
    (void)self;
}

static il_tensor *tversky_forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target,
                                  il_tensor *valid)
{
    double alpha = il_params_real(self, "alpha");
    il_tensor *p = il_sigmoid(s, logit);
    if (valid) {
        p = il_mul(s, p, valid);
        target = il_mul(s, target, valid);
    }
    il_tensor *tp = il_sum(s, il_mul(s, p, target));
    il_tensor *fp = il_affine(s, il_sub(s, il_sum(s, p), tp), alpha, 1);
    il_tensor *fn = il_affine(s, il_sub(s, il_sum(s, target), tp), 1 - alpha, 0);
    return il_affine(s, il_div(s, tp, il_add(s, tp, il_add(s, fp, fn))), -1, 1);
}

static const il_loss_ops ops = { .forward = tversky_forward };

IL_PLUGIN = { .abi = IL_ABI, .kind = IL_KIND_LOSS, .name = "tversky", .revision = 1, .summary = "Tversky loss",
              .params = params, .open = tversky_open, .close = tversky_close, .loss = &ops };
EOF
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Wpedantic -Werror -shared -fPIC $(pkg-config --cflags inpaintlab) mine/tversky.c \
  -o mine/tversky.so $(pkg-config --libs inpaintlab) ${SANITIZE:+-fsanitize=$SANITIZE} || fail "the plugin does not build"

folders 01 realfake 05
cat > grid.yaml <<'EOF'
experiment: outside
base:
  dataset: {name: dataset1, root: data}
  model: {name: unet, fine: 4, coarse: 4}
  loss: {name: ./mine/tversky.so, alpha: 0.3}
  train: {on: realfake, epochs: 1, batch: 1, size: 64}
EOF
inpaintlab run -q grid.yaml || fail "a plugin named by its path does not train"
sed -i 's#\./mine/tversky.so#tversky#' grid.yaml
INPAINTLAB_PLUGIN_PATH=mine inpaintlab plan grid.yaml | grep -q '^done' || fail "the same plugin found by folder is another run"
inpaintlab plan grid.yaml 2>err.txt && fail "a plugin that is nowhere was found"
grep -q "unknown loss 'tversky'" err.txt || fail "$(cat err.txt)"
INPAINTLAB_PLUGIN_PATH=mine inpaintlab plugins tversky | grep -q 'weight of false positives' || fail "its settings are not listed"
echo "installed, completed, extended"
