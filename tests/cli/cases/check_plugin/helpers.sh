# Freed memory that a sanitizer keeps for a while must not look like growth.
[ -z "$SANITIZE" ] || export ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"

# sound FILE OPTIONS...: what is neither ok nor skipped
sound() {
  file=$1
  shift
  inpaintlab check-plugin "$BUILD/$file.so" "$@" >out.txt
  ended=$?
  [ "$(wc -l <out.txt)" -gt 6 ] || echo "only $(wc -l <out.txt) lines"
  grep -v '^ok \|^skip ' out.txt
  return $ended
}

# unsound NAME OPTIONS...: the checks that fail
unsound() {
  name=$1
  shift
  inpaintlab check-plugin "$BUILD/tests/unsound/$name.so" "$@" >out.txt
  ended=$?
  grep '^FAIL' out.txt
  return $ended
}
