"""Prints how many visits a file counts that a Node service rewrites: python3 examples/python/reader.py FILE"""

import fcntl
import json
import sys

if len(sys.argv) != 2:
    sys.exit("Usage: python3 examples/python/reader.py FILE")
path = sys.argv[1]

# Any number of readers hold the shared lock together; a writer waits for all of them, and they for it.
with open(path + ".lock", "a") as sidecar:
    fcntl.flock(sidecar, fcntl.LOCK_SH)
    with open(path) as file:
        count = json.load(file)

print(f"{count['visits']} visits, the last one counted by {count['by']}")
