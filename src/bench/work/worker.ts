// The entry of every process of a bench: it opens its contender, says so, waits for `go`, does its task, tells the
// outcome, and leaves.

import type { OpenContender } from '../contenders/index.js';
import type { Assignment, ChildMessage } from './assignment.js';
import { tasks } from './tasks.js';

// It never outlives its driver: the channel breaks when the driver has ended, however it ended, and the event loop
// turns often enough to notice.
process.once('disconnect', () => process.exit());
if (!process.connected) process.exit();
// Ctrl-C reaches all processes of a terminal. The driver hears it too, and ends them.
process.on('SIGINT', () => {});

const own: Assignment = JSON.parse(process.argv[2] ?? '{}');
const going = new Promise((resolve) => process.once('message', resolve));
try {
  const { openContender }: { openContender: OpenContender } = await import(own.module);
  const contender = await openContender(own.contender, own.directory);
  tell({ type: 'ready' });
  await going;
  const outcome = await tasks[own.task](contender, own);
  // Writes that the contender has put off belong to the task: another process will read them.
  await contender.close();
  tell({ type: 'done', outcome });
} catch (error) {
  tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}

/** The channel keeps this process alive until the driver has got the last message, and ends it. */
function tell(message: ChildMessage): void {
  process.send?.(message, undefined, undefined, () => {});
}
