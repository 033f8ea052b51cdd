// @ts-check
// A preload (`node --import`): the packages that HOLDFAST_TEST_MISSING names (comma-separated) cannot be loaded, as if they were not installed.
import Module from 'node:module';

const missing = (process.env['HOLDFAST_TEST_MISSING'] ?? '').split(',');

/** @type {{ _load(request: string, ...rest: unknown[]): unknown }} */
const loader = /** @type {any} */ (Module);
const load = loader._load;
loader._load = function (request, ...rest) {
  if (!missing.includes(request)) return load.call(this, request, ...rest);
  throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
};
