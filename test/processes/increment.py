# The same as increment.mjs, in Python: fcntl.flock on the sidecar, the file rewritten in place.
import fcntl
import json
import sys

path, count = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()

written = []
for _ in range(count):
    with open(path + ".lock", "a+") as sidecar:
        fcntl.flock(sidecar, fcntl.LOCK_EX)
        with open(path, "a+") as file:
            file.seek(0)
            number = int(file.read() or 0) + 1
            file.seek(0)
            file.truncate()
            file.write(str(number))
        written.append(number)
print(json.dumps(written))
