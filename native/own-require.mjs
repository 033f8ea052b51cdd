import { createRequire } from 'node:module';

/**
 * Loads packages of CommonJS as this package finds them. A bundler that writes CommonJS leaves `import.meta` empty, and has `__filename`
 * instead. Not the other way round: `node -e` has a global of that name.
 */
export const ownRequire = createRequire(import.meta.url ?? __filename);
