import { dirname } from 'node:path';
import { errorCode, HoldfastError } from '../errors.js';
import { libcFailure } from './libc.js';
import { sidecarPath, turnstilePath } from './lock-names.js';

/*
 * Node's permission model (`node --permission`) refuses call by call what the program was not allowed at its start,
 * with errors that name one flag at most. Here all that is needed is checked at once, and one error names every flag
 * that is missing.
 */

/** Whether this process runs under the permission model. */
export function isRestricted(): boolean {
  return process.permission !== undefined;
}

/** Throws `ERR_ACCESS_DENIED` where the permission model does not allow a file to be locked and read. */
export function assertMayLock(path: string): void {
  if (!isRestricted()) return;
  const folder = dirname(path);
  const flags = [
    ...missingAddons(),
    ...missing('read', sidecarPath(path), folder),
    ...missing('write', turnstilePath(sidecarPath(path)), folder),
  ];
  refuse(flags, path, `locks a file of ${folder}`);
}

/**
 * Throws `ERR_ACCESS_DENIED` where the permission model does not allow a cache in a directory. A cache reads every
 * folder on the way to it, to make sure that no other user can put another cache there; and the boot id, to find out
 * that the machine has crashed.
 */
export function assertMayKeepCache(directory: string): void {
  if (!isRestricted()) return;
  const read = ['/', `${directory}/format`, '/proc/sys/kernel/random/boot_id'];
  const flags = [
    ...missingAddons(),
    ...(read.every((path) => process.permission.has('fs.read', path)) ? [] : ['--allow-fs-read=*']),
    ...missing('write', `${directory}/format`, directory),
  ];
  refuse(flags, directory, `keeps a cache in ${directory}`);
}

/** An addition to the message about a native package that did not load: the flag of Node that is missing. */
export function hintOf(failure: unknown): string {
  return errorCode(failure) === 'ERR_DLOPEN_DISABLED' ? ' Start Node with --allow-addons.' : '';
}

function missingAddons(): string[] {
  return errorCode(libcFailure()) === 'ERR_DLOPEN_DISABLED' ? ['--allow-addons'] : [];
}

function missing(access: 'read' | 'write', path: string, folder: string): string[] {
  return process.permission.has(`fs.${access}`, path) ? [] : [`--allow-fs-${access}=${folder === '/' ? '' : folder}/*`];
}

function refuse(flags: readonly string[], path: string, what: string): void {
  if (flags.length === 0) return;
  const message = `Node was started with --permission, and a program that ${what} needs ${flags.join(' ')} as well.`;
  throw new HoldfastError('ERR_ACCESS_DENIED', message, { path });
}
