import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { FileOptions, LockMode } from '../../src/index.js';

const SCRIPT = fileURLToPath(new URL('../processes/actor.mjs', import.meta.url));

/** A thread of another process, which does to files what it is told. */
export interface Thread {
  /** Resolves when the lock has been asked for and the first try is over; `granted` when it is held. */
  ask(path: string, mode: LockMode, options?: FileOptions): Promise<Asked>;
  /** Waits until the lock is held. */
  lock(path: string, mode: LockMode, options?: FileOptions): Promise<RemoteLock>;
  tryLock(path: string, mode: LockMode): Promise<RemoteLock | undefined>;
  writeFile(path: string, data: string, options?: FileOptions): Promise<void>;
}

export interface Asked {
  readonly granted: Promise<RemoteLock>;
}

export interface RemoteLock {
  release(): Promise<void>;
}

/** A message of test/processes/actor.mjs: the lock has been asked for, or the call is over. */
interface Answer {
  readonly id: number;
  readonly asked?: true;
  readonly value?: unknown;
  readonly error?: { readonly message: string };
}

interface Pending {
  asked(): void;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Another process: its main thread, and a worker thread of it. */
export class Actor {
  readonly main: Thread;
  readonly worker: Thread;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  /** For one test: killed and reaped when it ends. */
  static async forTest(env: Record<string, string> = {}): Promise<Actor> {
    const actor = await Actor.start(env);
    onTestFinished(() => actor.kill());
    return actor;
  }

  /** The caller ends it with `kill()`. */
  static async start(env: Record<string, string> = {}): Promise<Actor> {
    const child = fork(SCRIPT, { execArgv: [], env: { ...process.env, ...env } });
    await once(child, 'message');
    return new Actor(child);
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.main = this.#thread('main');
    this.worker = this.#thread('worker');
    child.on('message', (message) => this.#hear(message as Answer));
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`The actor ended: ${signal ?? code}.`));
    });
  }

  get pid(): number {
    return Number(this.#child.pid);
  }

  /** Ends the process and waits until it is gone. It also ends one that is stopped. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Ends the worker thread (`worker.terminate()`) and waits until it is gone. */
  async terminateWorker(): Promise<void> {
    await this.#send('main', { call: 'terminateWorker' }).result;
  }

  /** Stops or continues it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  #thread(thread: 'main' | 'worker'): Thread {
    return {
      ask: async (path, mode, options) => {
        const request = this.#send(thread, { call: 'lock', path, mode, options });
        const granted = request.result.then((name) => this.#remoteLock(thread, name));
        granted.catch(() => {});
        await Promise.race([request.asked, granted]);
        return { granted };
      },
      lock: async (path, mode, options) => {
        const name = await this.#send(thread, { call: 'lock', path, mode, options }).result;
        return this.#remoteLock(thread, name);
      },
      tryLock: async (path, mode) => {
        const name = await this.#send(thread, { call: 'tryLock', path, mode }).result;
        return name === undefined ? undefined : this.#remoteLock(thread, name);
      },
      writeFile: async (path, data, options) => {
        await this.#send(thread, { call: 'writeFile', path, data, options }).result;
      },
    };
  }

  #remoteLock(thread: 'main' | 'worker', name: unknown): RemoteLock {
    return {
      release: async () => {
        await this.#send(thread, { call: 'release', name }).result;
      },
    };
  }

  #send(thread: 'main' | 'worker', request: object): { asked: Promise<void>; result: Promise<unknown> } {
    this.#lastId += 1;
    const id = this.#lastId;
    let heard = () => {};
    const asked = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const result = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { asked: heard, resolve, reject });
    });
    this.#child.send({ id, thread, ...request });
    return { asked, result };
  }

  #hear({ id, asked, value, error }: Answer): void {
    const pending = this.#pending.get(id);
    if (asked) {
      pending?.asked();
      return;
    }
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(Object.assign(new Error(error.message), error));
  }
}
