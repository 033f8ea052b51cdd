import { errorCode } from '../errors.js';
import { libc, libcFailure } from './libc.js';

const RENAME_EXCHANGE = 2;

/** `unsupported`: nothing was changed, since this kernel, file system or installation has no exchange. */
export type ExchangeOutcome = 'exchanged' | 'unsupported';

/**
 * Exchanges what two names stand for in one atomic step (renameat2(2), `RENAME_EXCHANGE`). Both must exist, on one file
 * system.
 *
 * `unsupported` where the platform is not Linux, koffi is missing, the kernel is older than 3.15 (ENOSYS) or the file
 * system has no exchange (EINVAL; NFS, some FUSE). Any other failure is thrown as node:fs would: ENOENT, EXDEV, EACCES.
 */
export function exchange(a: string, b: string): ExchangeOutcome {
  if (process.platform !== 'linux' || libcFailure() !== undefined) return 'unsupported';
  const c = libc();
  if (c.renameat2(a, b, RENAME_EXCHANGE) === 0) return 'exchanged';
  const error = c.lastError('renameat2', b);
  const code = errorCode(error);
  if (code === 'ENOSYS' || code === 'EINVAL' || code === 'ENOTSUP') return 'unsupported';
  throw error;
}
