<?php
// Counts visits in a JSON file that a Node service shares: php examples/php/writer.php FILE [TIMES]
//
// The lock is taken on FILE.lock, not on FILE: to open FILE for writing with mode "w" would empty it before it could be locked.

if ($argc < 2) {
    fwrite(STDERR, "Usage: php examples/php/writer.php FILE [TIMES]\n");
    exit(2);
}
[, $file] = $argv;
$times = (int) ($argv[2] ?? 1);

for ($done = 0; $done < $times; $done++) {
    $sidecar = fopen("$file.lock", 'c');
    flock($sidecar, LOCK_EX);

    // "c+" neither empties the file nor fails where there is none.
    $handle = fopen($file, 'c+');
    $old = stream_get_contents($handle);
    $visits = $old === '' ? 0 : json_decode($old, true)['visits'];
    rewind($handle);
    ftruncate($handle, 0);
    fwrite($handle, json_encode(['visits' => $visits + 1, 'by' => 'PHP']) . "\n");
    fclose($handle);

    // Closing the sidecar gives the lock up. It is never unlinked: that would split the lock in two.
    fclose($sidecar);
}
