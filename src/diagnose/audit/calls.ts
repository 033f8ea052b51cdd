/** Names for the numbers in the kernel's audit log. */

const X86_64 = 'c000003e';
const ARM64 = 'c00000b7';
const I386 = '40000003';

const SYSCALLS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  [X86_64]: {
    2: 'open',
    76: 'truncate',
    77: 'ftruncate',
    82: 'rename',
    85: 'creat',
    257: 'openat',
    264: 'renameat',
    316: 'renameat2',
    437: 'openat2',
  },
  [ARM64]: { 38: 'renameat', 45: 'truncate', 46: 'ftruncate', 56: 'openat', 276: 'renameat2', 437: 'openat2' },
  [I386]: {
    5: 'open',
    8: 'creat',
    38: 'rename',
    92: 'truncate',
    93: 'ftruncate',
    193: 'truncate64',
    194: 'ftruncate64',
    295: 'openat',
    302: 'renameat',
    353: 'renameat2',
    437: 'openat2',
  },
};

/** The name of a call. auditd or ausearch may have written the name instead of the number. */
export function auditCallName(fields: ReadonlyMap<string, string>): string {
  const clear = fields.get('SYSCALL') ?? '';
  if (clear !== '') return clear;
  const number = fields.get('syscall') ?? '';
  if (!/^\d+$/.test(number)) return number;
  return SYSCALLS[fields.get('arch') ?? '']?.[Number(number)] ?? number;
}

const FLAGS: readonly (readonly [number, string])[] = [
  [0o100, 'O_CREAT'],
  [0o200, 'O_EXCL'],
  [0o400, 'O_NOCTTY'],
  [0o1000, 'O_TRUNC'],
  [0o2000, 'O_APPEND'],
  [0o4000, 'O_NONBLOCK'],
  [0o10000, 'O_DSYNC'],
  [0o1000000, 'O_NOATIME'],
  [0o2000000, 'O_CLOEXEC'],
  [0o10000000, 'O_PATH'],
];
const FLAGS_ELSEWHERE: readonly (readonly [number, string])[] = [
  [0o40000, 'O_DIRECT'],
  [0o100000, 'O_LARGEFILE'],
  [0o200000, 'O_DIRECTORY'],
  [0o400000, 'O_NOFOLLOW'],
];
const FLAGS_ON_ARM: readonly (readonly [number, string])[] = [
  [0o40000, 'O_DIRECTORY'],
  [0o100000, 'O_NOFOLLOW'],
  [0o200000, 'O_DIRECT'],
  [0o400000, 'O_LARGEFILE'],
];
const ACCESS = ['O_RDONLY', 'O_WRONLY', 'O_RDWR'];

/**
 * The flags of an open by name. `value`: a hexadecimal number, as auditd writes it, or names, as `ausearch -i` prints
 * them.
 */
export function auditOpenFlags(value: string, arch: string | undefined): string[] {
  if (value.includes('O_')) return value.split(/[|,]/);
  const flags = Number.parseInt(value, 16);
  if (Number.isNaN(flags)) return [];
  const own = arch === ARM64 ? FLAGS_ON_ARM : FLAGS_ELSEWHERE;
  const names = [...FLAGS, ...own].filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return [ACCESS[flags & 3] ?? 'O_RDONLY', ...names];
}
