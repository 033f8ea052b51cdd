<?php
// Reads a file with readfile(), which maps it into memory, COUNT times at least and until it has seen 10 versions; prints what it saw.
// With "locked" it takes LOCK_SH on the sidecar.
// The output buffer makes PHP touch the mapped bytes, as a web server's does.
[, $path, $lock, $count] = $argv;
$seen = ['reads' => 0, 'empty' => 0, 'torn' => 0, 'versions' => 0];
$last = null;

while ($seen['reads'] < $count || $seen['versions'] < 10) {
    $sidecar = $lock === 'locked' ? fopen("$path.lock", 'c+') : null;
    if ($sidecar) flock($sidecar, LOCK_SH);
    ob_start();
    @readfile($path);
    $content = ob_get_clean();
    if ($sidecar) fclose($sidecar);

    $version = substr($content, 0, 8);
    $seen['reads']++;
    if ($content === '') $seen['empty']++;
    elseif ($content !== str_repeat($version, strlen($content) / 8)) $seen['torn']++;
    elseif ($version !== $last) $seen['versions']++;
    $last = $version;
}
echo json_encode($seen);
