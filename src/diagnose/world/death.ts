import type { Lock } from './inode.js';
import type { Mark } from './mark.js';
import type { MapCall, Mapping } from './memory.js';
import type { Process } from './process.js';

/** A process with what is known of it. */
export interface PartyDraft {
  readonly process: Process;
  readonly mark: Mark | undefined;
  readonly own: 'none' | 'shared' | 'exclusive';
}

export interface VictimDraft extends PartyDraft {
  readonly address?: number;
  readonly mapped?: MapCall;
  died?: boolean;
}

/** A process that was hit by SIGBUS. */
export interface Death {
  readonly victim: VictimDraft;
  readonly mark: Mark;
  readonly address: number;
  readonly mapping: Mapping | undefined;
  readonly held: readonly Lock[];
}
