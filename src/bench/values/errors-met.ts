/** The texts of this many different errors are kept. */
const TOLD_ERRORS = 3;

/** Counts errors, and keeps the text of the first few. */
export class ErrorsMet {
  count = 0;
  readonly messages: string[] = [];

  add(error: unknown): void {
    this.count += 1;
    const message = textOf(error);
    if (this.messages.length < TOLD_ERRORS && !this.messages.includes(message)) this.messages.push(message);
  }
}

/** With the cause: a library's own message seldom says what happened. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
