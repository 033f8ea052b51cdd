/** Of so many different errors the text is told. */
const TOLD_ERRORS = 3;

/** Counts errors, and keeps the text of the first few. */
export class ErrorsMet {
  count = 0;
  readonly messages: string[] = [];

  add(error: unknown): void {
    this.count += 1;
    const message = error instanceof Error ? error.message : String(error);
    if (this.messages.length < TOLD_ERRORS && !this.messages.includes(message)) this.messages.push(message);
  }
}
