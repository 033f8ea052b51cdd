import type { LogCursor } from '../lines/index.js';
import { type LineKind, StraceLine } from './line.js';
import { endsAsCall, findNotice, type Notice } from './notice.js';

/** The longest line that is joined. */
const LONGEST = 64 * 1024;

/**
 * A line of a log. A line that messages of strace have cut into parts is joined again. The message comes first, as a
 * line of its own; the joined line comes where its last part is. After a message, strace prints the rest of the line
 * (or ` <unfinished ...>`) before anything but further messages. Only output of the program itself can come in between,
 * where it goes to the same file.
 */
export class WholeLine extends StraceLine {
  /** The number of the line in which it begins. */
  number = 0;
  readonly #notice: Notice = { start: 0, text: 0 };
  /** The part before the message, with room for the rest behind it. */
  #part = Buffer.alloc(0);
  #length = 0;
  #partNumber = 0;

  /** Parses the present line of a log. */
  read({ bytes, start, end, line }: LogCursor): LineKind {
    this.number = line;
    const kind = this.parse(bytes, start, end);
    if (this.#length === 0) {
      this.#takeNotice(start);
      return this.kind;
    }
    // A line with a process or a time is never the rest of another one.
    if ((kind === 'garbage' || this.from === start) && this.#join(bytes, start, end)) return this.kind;
    if (kind === 'garbage') return kind;
    this.#length = 0;
    this.parse(bytes, start, end);
    this.#takeNotice(start);
    return this.kind;
  }

  /** Parses the part that was kept and this line as one. False: this line is not its rest. */
  #join(bytes: Buffer, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (length > LONGEST) return false;
    this.#makeRoom(length);
    bytes.copy(this.#part, this.#length, start, end);
    this.strict = true;
    this.parse(this.#part, 0, length);
    this.strict = false;
    if (this.#takeNotice(0)) return true;
    if (this.kind === 'garbage') return false;
    this.number = this.#partNumber;
    this.#length = 0;
    return true;
  }

  /** Where the line contains a message, keeps the part before it, and becomes the message. False: it contains none. */
  #takeNotice(start: number): boolean {
    const { kind, bytes, end } = this;
    if (kind !== 'other' && kind !== 'garbage' && kind !== 'resumed' && kind !== 'attached') return false;
    if (endsAsCall(bytes, start, end) || !findNotice(bytes, start, end, this.#notice)) return false;
    this.#keep(start, this.#notice.start);
    this.pid = 0;
    this.timeMs = Number.NaN;
    this.sincePreviousMs = Number.NaN;
    this.call = undefined;
    this.from = this.#notice.start;
    this.kind = this.parseMessage(this.#notice.text);
    if (this.kind !== 'attached') this.pid = 0;
    return true;
  }

  #keep(start: number, end: number): void {
    const length = end - start;
    if (this.bytes !== this.#part) {
      this.#length = 0;
      if (length > LONGEST) return;
      this.#makeRoom(length);
      this.bytes.copy(this.#part, 0, start, end);
      this.#partNumber = this.number;
    }
    this.#length = length;
  }

  #makeRoom(length: number): void {
    if (length <= this.#part.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(LONGEST, length * 2));
    this.#part.copy(larger, 0, 0, this.#length);
    this.#part = larger;
  }
}
