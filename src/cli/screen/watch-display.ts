import type { WatchEvent, WatchReport } from '../../diagnose/watch/index.js';
import { print, send } from '../process/index.js';
import { counted, paintFor, printableJson } from '../text/index.js';
import { beginScreen } from './watch-screen.js';
import { eventLine, shownPath, summaryText } from './watch-text.js';

/** Displays the events of a watch. */
export interface WatchDisplay {
  show(event: WatchEvent): void;
  /** Aborted when the reader of the output has left. */
  readonly gone: AbortSignal;
  /** Restores the terminal. Idempotent. */
  end(): void;
  summarize(report: WatchReport): Promise<void>;
}

/** A file can change thousands of times a second, which is too fast to read. */
const LINES_PER_SECOND = 10;
/** The most text that waits for a slow reader of JSON. Further events are dropped, and counted. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** A table of the files that changes in place. */
export function displayScreen(stream: NodeJS.WriteStream): WatchDisplay {
  const screen = beginScreen(stream);
  return {
    show: screen.show,
    gone: goneOf(stream),
    end: screen.end,
    summarize: (report) => summarizeOn(stream, report),
  };
}

/** A line for each event; of a file that has many, for the first of each second. */
export function displayLines(stream: NodeJS.WriteStream): WatchDisplay {
  const eventsOf = new Map<string, number>();
  let second = 0;
  const beginSecond = () => {
    for (const [path, events] of eventsOf) {
      const left = events - LINES_PER_SECOND;
      if (left > 0) send(`               ${shownPath(path)}  ... and ${counted(left, 'event')} more in this second\n`);
    }
    eventsOf.clear();
  };
  return {
    show(event) {
      const now = Math.floor(event.atMs / 1_000);
      if (now > second) {
        beginSecond();
        second = now;
      }
      const events = (eventsOf.get(event.path) ?? 0) + 1;
      eventsOf.set(event.path, events);
      if (events <= LINES_PER_SECOND) send(`${eventLine(event)}\n`);
    },
    gone: goneOf(stream),
    end: beginSecond,
    summarize: (report) => summarizeOn(stream, report),
  };
}

/** Each event as an object in a line of its own, and at the end the report as one with `kind: "summary"`. */
export function displayJson(): WatchDisplay {
  const { stdout } = process;
  let dropped = 0;
  return {
    show(event) {
      if (stdout.writableLength > MOST_WAITING_BYTES) dropped += 1;
      else send(`${printableJson(event)}\n`);
    },
    gone: goneOf(stdout),
    end() {},
    async summarize({ schema, ...report }) {
      await print(`${printableJson({ schema, kind: 'summary', ...report, dropped })}\n`);
    },
  };
}

async function summarizeOn(stream: NodeJS.WriteStream, report: WatchReport): Promise<void> {
  await print(`\n${summaryText(report, paintFor(stream))}\n`);
}

function goneOf(stream: NodeJS.WriteStream): AbortSignal {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  return gone.signal;
}
