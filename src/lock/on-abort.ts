/** Who is to hear of the end of a signal. */
interface Hearers {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const hearers = new WeakMap<AbortSignal, Hearers>();

/**
 * Calls `call` when the signal is aborted, which it must not be yet. Gives what ends that. The signal gets one listener, however many
 * wait with it: at the eleventh Node would warn of a leak, and a service gives the signal of a request to each of its calls.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const { calls, listener } = hearers.get(signal) ?? listenTo(signal);
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    signal.removeEventListener('abort', listener);
    if (hearers.get(signal)?.calls === calls) hearers.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Hearers {
  const calls = new Set<() => void>();
  const listener = () => {
    hearers.delete(signal);
    for (const call of [...calls]) call();
  };
  const added = { calls, listener };
  hearers.set(signal, added);
  signal.addEventListener('abort', listener, { once: true });
  return added;
}
