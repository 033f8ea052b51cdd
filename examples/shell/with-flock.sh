#!/bin/sh
# Runs a command under the lock of a file that a Node service shares:
#   examples/shell/with-flock.sh shared FILE cat FILE
#   examples/shell/with-flock.sh exclusive FILE cp new-content FILE
# `shared` is for commands that read the file, `exclusive` for those that write it.
set -eu

if [ $# -lt 3 ] || { [ "$1" != shared ] && [ "$1" != exclusive ]; }; then
  echo "Usage: with-flock.sh shared|exclusive FILE COMMAND [ARGUMENT...]" >&2
  exit 2
fi
mode=$1
file=$2
shift 2

# flock(1) makes the sidecar where there is none, and gives the lock up when the command ends.
exec flock "--$mode" "$file.lock" "$@"
