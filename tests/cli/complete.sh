#!/usr/bin/env bash
# complete.sh LINE... - what the completion offers behind each line that begins with inpaintlab; one shell asks the program once.
. "$SOURCE/core/cli/inpaintlab.bash"
for line; do
  read -ra COMP_WORDS <<<"inpaintlab $line"
  [[ $line == *[^\ ] ]] || COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _inpaintlab
  printf "%s\n" "$line ->${COMPREPLY[*]:+ ${COMPREPLY[*]}}"
done
