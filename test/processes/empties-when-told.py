# Empties argv[1] when told to by a line, says so, and ends with the next line.
import os
import sys

print('ready', flush=True)
sys.stdin.readline()
os.truncate(sys.argv[1], 0)
print('emptied', flush=True)
sys.stdin.readline()
