/** What is to be called when a signal is aborted. */
interface Calls {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const callsOf = new WeakMap<AbortSignal, Calls>();

/**
 * Calls `call` when the signal is aborted, which must not have happened yet. Returns what takes `call` off again. The
 * signal gets one listener for all calls: Node warns of a leak at the eleventh, and a service gives the signal of a
 * request to each call that it makes.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const { calls, listener } = callsOf.get(signal) ?? listenTo(signal);
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    signal.removeEventListener('abort', listener);
    if (callsOf.get(signal)?.calls === calls) callsOf.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Calls {
  const calls = new Set<() => void>();
  const listener = () => {
    callsOf.delete(signal);
    for (const call of [...calls]) call();
  };
  const added = { calls, listener };
  callsOf.set(signal, added);
  signal.addEventListener('abort', listener, { once: true });
  return added;
}
