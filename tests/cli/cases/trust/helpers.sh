EVIL=$BUILD/tests/evil

# ran COMMAND...: what it prints to standard error, its exit status, and whether code of an evil plugin ran
ran() {
  rm -f evil-ran
  "$@" >out.txt
  ended=$?
  if [ -e evil-ran ]; then echo "exit status $ended; its code ran"; else echo "exit status $ended; no code ran"; fi
}

# grid MODEL DATASET: one run
grid() {
  cat <<END
experiment: small
base:
  dataset: $2
  model: $1
  loss: bce
  train: {on: realfake, epochs: 1, batch: 2, size: 64}
  test: [realfake]
END
}

# recipe MASKER
recipe() {
  cat <<END
recipe: small
photos: {root: photos, size: 64, fit: crop}
splits: {train: 1, validation: 1, test: 1}
maskers: $1
inpaint: {name: small, weights: $DATA/generator-nearest.safetensors}
END
}

# change SQL: in the database r.sqlite
change() {
  python3 - "$1" <<'END'
import sqlite3, sys
d = sqlite3.connect("r.sqlite")
d.execute(sys.argv[1])
d.commit()
END
}

# noted FILE CONFIG: a copy of w.safetensors whose metadata have that configuration
noted() {
  python3 - "$1" "$2" <<'END'
import json, struct, sys
data = open("w.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head = json.loads(data[8:8 + size])
head["__metadata__"]["config"] = sys.argv[2]
text = json.dumps(head).encode()
text += b" " * (-len(text) % 8)
open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + data[8 + size:])
END
}
