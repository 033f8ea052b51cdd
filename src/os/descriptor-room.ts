import { errorCode } from '../errors.js';

/*
 * Some descriptors are kept open only to save the opening: nobody would miss them but for a microsecond. Where the process or the machine has
 * no more of them (EMFILE, ENFILE), whoever keeps such gives them back, and the call is tried again. Of this thread only: the table
 * of descriptors is the process's, but nobody can close for another thread.
 */

/** Closes what can be done without at this moment. Gives how many that were. Must not throw. */
export type GiveBack = () => number;

const keepers = new Set<GiveBack>();

/** From now on `giveBack` is asked where descriptors run short. What is returned ends that. */
export function onDescriptorShortage(giveBack: GiveBack): () => void {
  keepers.add(giveBack);
  return () => keepers.delete(giveBack);
}

/** After a call that makes a descriptor has failed: returns where a second try is worth its while, and throws the error otherwise. */
export function makeRoom(error: unknown): void {
  const code = errorCode(error);
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  let given = 0;
  for (const giveBack of keepers) given += giveBack();
  if (given === 0) throw error;
}
