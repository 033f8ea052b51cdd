/**
 * Every code that a {@link HoldfastError} can carry. The list is closed: a new code is a new minor version.
 * Errors of the operating system (`ENOENT`, `ENOSPC`, ...) are not wrapped in these; they pass through with their own
 * `code`, or stand in `cause`.
 */
export type HoldfastErrorCode =
  | 'ERR_LOCK_TIMEOUT'
  | 'ERR_LOCK_UNSUPPORTED'
  | 'ERR_LOCK_CONFLICT'
  | 'ERR_MAP_UNSUPPORTED'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_INVALID_KEY'
  | 'ERR_CACHE_CLOSED'
  | 'ERR_INCOMPATIBLE_CACHE'
  | 'ERR_NOT_A_CACHE'
  | 'ERR_UNSAFE_DIRECTORY'
  | 'ERR_UNSUPPORTED_FILESYSTEM'
  | 'ERR_ACCESS_DENIED'
  | 'ERR_VALUE_NOT_SERIALIZABLE'
  | 'ERR_VALUE_TOO_LARGE'
  | 'ERR_ENTRY_DAMAGED';

/** What may be known of a failure beside its code and its message. */
export interface HoldfastErrorDetails {
  /** The file or folder that the operation was about. */
  path?: string;
  /** The system call that failed, if one did. */
  syscall?: string;
  /** The error that led to this one, unchanged. */
  cause?: unknown;
}

/**
 * The one error class of this package. Tell errors apart by `code`, never by `message`: messages are for people and may
 * change in any version.
 */
export class HoldfastError extends Error {
  readonly code: HoldfastErrorCode;
  readonly path?: string;
  readonly syscall?: string;

  constructor(code: HoldfastErrorCode, message: string, details: HoldfastErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'HoldfastError';
    this.code = code;
    if (details.path !== undefined) this.path = details.path;
    if (details.syscall !== undefined) this.syscall = details.syscall;
  }
}

/** The `code` of anything thrown (`'ENOENT'`, `'ERR_LOCK_TIMEOUT'`, ...), or `undefined` where it has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The error for an argument that is none of those allowed. */
export function invalidArgument(message: string, details?: HoldfastErrorDetails): HoldfastError {
  return new HoldfastError('ERR_INVALID_ARGUMENT', message, details);
}

/** Runs a clean-up whose own failure must not hide the error that made it necessary. */
export function quietly(cleanUp: () => void): void {
  try {
    cleanUp();
  } catch {
    // The caller gets the first error.
  }
}

/** Whether an operation failed because the disk, or what this user may have of it, is full. */
export function isOutOfSpace(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
