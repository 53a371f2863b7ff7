# What a command leaves behind would be in ./temporary, which each case lists at its end.
mkdir -p temporary
export TMPDIR="$PWD/temporary" ASAN_OPTIONS="$ASAN_OPTIONS:allocator_may_return_null=1"

bench() {
  inpaintlab bench --model unet --size 32 --batch 2 --repeats 2 --threads 1 "$@"
}
