// Makes the command executable, for `npx holdfast` inside this clone; npm does the same where it installs the package.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
