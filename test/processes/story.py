# A story for strace, the same each time: each chapter is a process that the first one waits for. The folder is argv[1].
# 1 locks and rewrites; 2 locks and reads; 3 reads without the lock; 4 locks after O_TRUNC; 5 empties what the first one has mapped and
# then touches: SIGBUS.
import fcntl
import mmap
import os
import sys

data, other = sys.argv[1] + '/data', sys.argv[1] + '/other'


def chapter(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    os.waitpid(pid, 0)


def locked(mode, work):
    lock = os.open(data + '.lock', os.O_RDWR | os.O_CREAT, 0o666)
    fcntl.flock(lock, mode)
    work()
    os.close(lock)


def rewrite():
    fd = os.open(data, os.O_RDWR)
    os.pwrite(fd, b'b' * 71, 0)
    os.close(fd)


def read():
    fd = os.open(data, os.O_RDONLY)
    os.fstat(fd)
    os.read(fd, 4096)
    os.close(fd)


def lock_late():
    fd = os.open(data, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    locked(fcntl.LOCK_EX, lambda: os.write(fd, b'c' * 71))
    os.close(fd)


for path in (data, other):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    os.write(fd, b'a' * 71)
    os.close(fd)

chapter(lambda: locked(fcntl.LOCK_EX, rewrite))
chapter(lambda: locked(fcntl.LOCK_SH, read))
chapter(read)
chapter(lock_late)

fd = os.open(other, os.O_RDONLY)
length = os.fstat(fd).st_size
mapping = mmap.mmap(fd, length, prot=mmap.PROT_READ)
chapter(lambda: os.truncate(other, 0))
mapping[0]
