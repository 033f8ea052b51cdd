import { dirname } from 'node:path';
import { errorCode, HoldfastError } from '../errors.js';
import { libcFailure } from './libc.js';
import { sidecarPath, turnstilePath } from './lock-names.js';

/*
 * Node's permission model (`node --permission`): what a program was not allowed beforehand is refused call by call, with an error that names
 * one flag at most. What is needed is asked here, all at once.
 */

/** Whether this process runs under the permission model. */
export function isRestricted(): boolean {
  return process.permission !== undefined;
}

/** Throws `ERR_ACCESS_DENIED` where a file cannot be locked and read, as far as permissions are concerned. */
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
 * The same for a cache in a directory. Every folder on the way to it is looked at, so that nobody else can put another cache there; and the
 * boot id, so that what a crash of the machine left is found out.
 */
export function assertMayKeepCache(directory: string): void {
  if (!isRestricted()) return;
  const looked = ['/', `${directory}/format`, '/proc/sys/kernel/random/boot_id'];
  const flags = [
    ...missingAddons(),
    ...(looked.every((path) => process.permission.has('fs.read', path)) ? [] : ['--allow-fs-read=*']),
    ...missing('write', `${directory}/format`, directory),
  ];
  refuse(flags, directory, `keeps a cache in ${directory}`);
}

/** What is added to the message about a native package that did not load. */
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
