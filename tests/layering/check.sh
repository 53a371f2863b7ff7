#!/usr/bin/env bash
# The rules on who may include and use what, as greps. Usage: check.sh SOURCE_DIR
cd "$1" || exit 1
shopt -s nullglob
failures=0
fail() { echo "$1"; failures=$((failures + 1)); }

# only_in NAME PATTERN FILES… : PATTERN occurs in core and plugins in no other file than FILES.
only_in() {
  local name=$1 pattern=$2; shift 2
  local found
  found=$(grep -rlE "$pattern" core plugins tools --include='*.c' --include='*.h' --include='*.cpp' --include='*.hpp' --include='*.cu' | sort)
  for file in $found; do
    case " $* " in *" $file "*) ;; *) fail "$file: only $* may use $name" ;; esac
  done
  [ -n "$found" ] || fail "$name: nobody uses it, so the rule checks nothing"
}

# A type has one meaning, also where no file sees both.
for type in $(grep -rhoE '\} il_\w+;$' core --include='*.h' | sed -E "s/^\\} |;\$//g" | sort | uniq -d); do
  fail "$type: is defined in $(grep -rlE "\} $type;\$" core --include='*.h' | tr '\n' ' ')"
done

only_in libyaml '#include <yaml\.h>' core/base/yaml.c
only_in dlopen '\bdlopen\(' core/plugin/registry.c core/torch/tensor.cpp core/torch/gpu.cpp
only_in CUDA '__global__|<<<|\bcuda[A-Z]|#include <(cuda|ATen/cuda|c10/cuda)' core/torch/kernels/kernels.cu core/torch/cuda_graph_capture.cpp
only_in "the kernels" '#include "kernels/' core/torch/residual.c $(ls core/torch/*.cpp core/torch/*.hpp)
only_in libjpeg '#include <jpeglib\.h>' core/image/jpeg.c
only_in libwebp '#include <webp/' core/image/webp.c
only_in sqlite3 '#include <sqlite3\.h>' $(cd core && ls store*.c store*.h query.c 2>/dev/null | sed 's#^#core/#')
only_in sqlite3ext '#include <sqlite3ext\.h>' core/store/sql/arguments.h
only_in libtorch '#include <(torch|ATen|c10)/' $(ls core/torch/*.cpp core/torch/*.hpp)
only_in libutf8proc '#include <utf8proc\.h>' core/diffusion/unicode.c
only_in "C++" '^#include <(vector|string|memory|cstring|exception)>' $(ls core/torch/*.cpp core/torch/*.hpp)

# Public headers include libc and each other; plugins include <inpaintlab/…> and libc, nothing of core.
grep -nE '#include "' core/include/inpaintlab/*.h && fail "a public header includes a private one"
grep -nE '#include "' plugins/*/*.c && fail "a plugin includes a private header"
for file in plugins/*/*/*.[ch]; do # a plugin of several files includes its own
  for header in $(sed -nE 's/^#include "(.*)".*/\1/p' "$file"); do
    [ -e "$(dirname "$file")/$header" ] || fail "$file: includes \"$header\", which is not its own"
  done
done
engine="core/*.[ch] core/stats/*.[ch] core/sql/*.[ch] core/dataset/*.[ch] core/diffusion/*.[ch] core/detect/*.[ch] core/kernels/* core/check/*.[ch]"
grep -nE '#include [<"]cli/|#include "(cli|command|option|grid|progress)\.h"' $engine && fail "the engine includes the CLI"
for file in core/diffusion/*.[ch]; do
  for header in $(sed -nE 's/^#include "(.*)".*/\1/p' "$file"); do
    [ "$header" = words.h ] || [ -e "core/diffusion/$header" ] || fail "$file: includes $header, expected its own folder"
  done
done
for header in $(sed -nE 's/^#include "(.*)".*/\1/p' core/kernels/*); do # pixels know nothing of the rest
  [ -e "core/kernels/$header" ] || fail "core/kernels includes $header, expected its own folder"
done
grep -nE '#include "(plan|loader|evaluate|checkpoint|train|job|run|store|report)\.h"' core/dataset/*.[ch] |
  grep -v '^core/dataset/check' && fail "core/dataset includes a later stage"

# Data flows one way: a stage never includes a later one.
stages="degrade yaml plan loader train store report"
later() { case $1 in
  degrade) echo 'yaml|slots|registry|plan|loader|evaluate|checkpoint|train|job|run|store|report|metrics' ;;
  yaml) echo 'registry|plan|loader|evaluate|checkpoint|train|job|run|store|report' ;;
  plan) echo 'loader|evaluate|checkpoint|train|job|run|store|report' ;;
  loader) echo 'evaluate|checkpoint|train|job|run|store|report|metrics' ;;
  train) echo 'job|run|report' ;;
  store) echo 'yaml|plan|loader|evaluate|checkpoint|train|job|run|report' ;;
  report) echo 'yaml|plan|loader|evaluate|checkpoint|train|job|run' ;;
esac; }
for stage in $stages; do
  grep -nE "#include \"($(later "$stage"))\.h\"" core/"$stage"*.[ch] && fail "$stage includes a later stage"
done

# No process ends and no mutable globals in the engine.
grep -nE '\b(exit|abort|_exit)\(' core/*.c core/stats/*.c core/sql/*.c core/dataset/*.c core/diffusion/*.c core/detect/*.c core/check/*.c core/kernels/* core/torch/*.cpp plugins/*/*.c plugins/*/*/*.c &&
  fail "the engine never exits"

# Size: files of 400 lines (the shim 1,000), functions of 80.
for file in core/*.c core/stats/*.c core/sql/*.c core/dataset/*.c core/diffusion/*.c core/detect/*.c core/check/*.c core/kernels/* core/cli/*.c plugins/*/*.c plugins/*/*/*.c tools/*.c; do
  lines=$(wc -l < "$file")
  [ "$lines" -le 400 ] || fail "$file: $lines lines, at most 400"
  awk -v file="$file" '/^\{/ { start = NR } /^\}/ { if (start && NR - start > 80) { print file ":" start ": function of " NR - start " lines"; bad = 1 } start = 0 } END { exit bad }' "$file" || failures=$((failures + 1))
done
for file in core/torch/*.cpp; do
  [ "$(wc -l < "$file")" -le 1000 ] || fail "$file: more than 1000 lines"
done

[ "$failures" -eq 0 ] && echo "layering: all rules hold"
exit $((failures > 0))
