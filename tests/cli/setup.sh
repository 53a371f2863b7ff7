#!/usr/bin/env bash
# setup.sh SOURCE_DIR - tools/setup on a project without sources, everything installed: a new folder is begun with Ninja, one
# that cmake began with another generator goes on with that.
set -u
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
unset CMAKE_GENERATOR

cd "$work" || exit 1
mkdir tools bin
cp "$source/tools/setup" tools/
printf '#!/bin/sh\necho installed\n' >bin/dpkg-query
chmod +x bin/dpkg-query
printf 'cmake_minimum_required(VERSION 3.25)\nproject(empty NONE)\n' >CMakeLists.txt
setup() { PATH=$work/bin:$PATH TORCH_DIR=$work/torch tools/setup "$@" >out.txt 2>&1 || fail "tools/setup $*: $(tail -n 3 out.txt)"; }
generator() { sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$1/CMakeCache.txt"; }

setup build
[ "$(generator build)" = Ninja ] || fail "a new folder is begun with $(generator build)"
setup build
cmake -G 'Unix Makefiles' -B other >/dev/null || fail "cmake"
setup other
[ "$(generator other)" = 'Unix Makefiles' ] || fail "a folder goes on with $(generator other)"

echo "$failures failures"
[ "$failures" -eq 0 ]
