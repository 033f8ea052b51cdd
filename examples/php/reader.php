<?php
// Prints a file that a Node service rewrites: php examples/php/reader.php FILE
//
// Without the lock, readfile() may be reading while the file is cut short. It maps the file into memory, and then the process dies of
// SIGBUS: no error, no exception. (Where the writers publish, with holdfast's strategy `rename`, no lock is needed.)

if ($argc !== 2) {
    fwrite(STDERR, "Usage: php examples/php/reader.php FILE\n");
    exit(2);
}
[, $file] = $argv;

$sidecar = fopen("$file.lock", 'c');
flock($sidecar, LOCK_SH);
readfile($file);
fclose($sidecar);
