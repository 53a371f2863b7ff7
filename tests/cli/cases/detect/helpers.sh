all="--threshold 0.000001" none="--threshold 0.999999" # everything, nothing is marked

# detect OPTIONS...: without the warning that the detector, which hardly trained, is weak
detect() {
  inpaintlab detect --db r.sqlite "$@" 2>err.txt
  ended=$?
  grep -v ': the detector is weak: ' err.txt >&2
  return $ended
}

# value EXPRESSION: what SQL makes of it
value() {
  rows r.sqlite "SELECT $1"
}

# quoted FILE: its text, to stand between quotes in SQL
quoted() {
  tr -d '\n' <"$1" | sed "s/'/''/g"
}
