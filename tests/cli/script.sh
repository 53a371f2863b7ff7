# Read by the scripts here: a folder of their own, $work, gone at the end; the first failure ends.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }
DATA=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../data")
PHOTOS=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../experiments/quickstart/photos")
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"
