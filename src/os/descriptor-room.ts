import { errorCode } from '../errors.js';

/*
 * Some descriptors stay open only to save another open(2). Where the process or the machine runs out of descriptors
 * (EMFILE, ENFILE), the code that has such gives them back, and the call is tried again. This thread only: the table of
 * descriptors belongs to the process, but no thread can know what another one still uses.
 */

/** Closes the descriptors that are not needed now, and returns how many these were. Must not throw. */
export type GiveBack = () => number;

const registered = new Set<GiveBack>();

/** Registers `giveBack`, to be called where descriptors run out. Returns what ends that. */
export function onDescriptorShortage(giveBack: GiveBack): () => void {
  registered.add(giveBack);
  return () => registered.delete(giveBack);
}

/**
 * To be called when a call that makes a descriptor has failed. Returns where a second try may succeed, and throws the
 * error otherwise.
 */
export function makeRoom(error: unknown): void {
  const code = errorCode(error);
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  let given = 0;
  for (const giveBack of registered) given += giveBack();
  if (given === 0) throw error;
}
