# Read by the shell of every case, and by script.sh.

# folders "IDS" "KINDS" [MASK]: data/SPLIT/ID.KIND.png, three splits of the quickstart's photos; the mask is the red channel of photo MASK, or of ID
folders() {
  for split in train validation test; do
    mkdir -p data/$split
    for id in $1; do
      for kind in $2; do cp "$PHOTOS/$id.png" "data/$split/$id.$kind.png"; done
      cp "$DATA/cli/${3:-$id}.mask.png" "data/$split/$id.mask.png"
    done
  done
}

# rows DATABASE QUERY: the rows without their heading
rows() {
  inpaintlab sql --db "$1" --format csv "$2" | tail -n +2 | tr -d '\r'
}

# status COMMAND...: its exit status alone
status() {
  "$@" >/dev/null 2>&1
  echo $?
}
