import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareTimes, fromUnixMs, toUnixMs } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { CONSOLE_EXTENSION } from './console-inbox.ts';
import { ConsoleTail } from './console-tail.ts';
import type { InboxVisitor } from './inbox-visitor.ts';
import { parseSourceTime } from './process-identity.ts';
import { RecordTail } from './record-tail.ts';

const RECORDS_EXTENSION = '.jsonl';
/** Processes read one clock, if not in the same way. */
const CLOCK_SLACK_MS = 50;

/** How far an inbox is read: up to where it was at one moment. */
interface Limited<Tail> {
  readonly tail: Tail;
  readonly limit: number;
}

/** Reads all inboxes of a run, as they grow. */
export class InboxReader {
  readonly #folder: string;
  /** The oldest first. */
  readonly #records = new Map<string, RecordTail>();
  /** The oldest first. */
  readonly #consoles = new Map<string, ConsoleTail>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what is new: first the record inboxes, those of the newest processes first, then the consoles, the innermost
   * first; of the outermost, the run's own, at most `maxBytes`. Each is read up to where it was at one moment.
   *
   * What a process logs is in its inbox before it is on a console, or in the inbox of an older process that repeats it; and
   * what a command inside the run prints is in its console's inbox before it is passed on to the console around it. In
   * this order, and as what repeats has its limit taken before what it repeats, the repetition always comes second.
   * @returns whether anything was read.
   */
  read(visitor: InboxVisitor, maxBytes: number): boolean {
    const known = limit([...this.#consoles.values()]);
    const consoles = [...known, ...limit(this.#discoverConsoles(visitor))];
    const newRecords = this.#discoverRecords();
    // A process may have begun since whose console isn't known yet: it has to be, but nothing of it can have come by.
    const newConsoles = this.#discoverConsoles(visitor);
    const records = limit([...this.#records.values()]);
    let hasRead = consoles.length > known.length || newRecords + newConsoles.length > 0;
    for (const { tail, limit: to } of records.toReversed()) {
      while (!visitor.isFull && tail.read(visitor, to, maxBytes)) hasRead = true;
    }
    const until = findReadTime(records);
    for (const { tail, limit: to } of consoles.toSorted((a, b) => b.tail.depth - a.tail.depth)) {
      while (tail.read(visitor, { limit: to, until, maxBytes })) {
        hasRead = true;
        if (tail.depth === 0) break;
      }
    }
    if (until === undefined || hasRead) return hasRead;
    visitor.makeRoom();
    return true;
  }

  close(): void {
    for (const tail of [...this.#records.values(), ...this.#consoles.values()]) tail.close();
  }

  #discoverConsoles(visitor: InboxVisitor): ConsoleTail[] {
    const sources = this.#listNew(CONSOLE_EXTENSION, this.#consoles);
    const ordered = sources.toSorted((a, b) => parseSourceTime(a) - parseSourceTime(b));
    return ordered.flatMap((source) => {
      const tail = new ConsoleTail(source, join(this.#folder, `${source}${CONSOLE_EXTENSION}`));
      // One that doesn't say yet whose it is has printed nothing: were it known now, it would be taken for the outermost.
      if (!tail.readHead(visitor)) {
        tail.close();
        return [];
      }
      this.#consoles.set(source, tail);
      return [tail];
    });
  }

  /** Gives how many new ones there are. */
  #discoverRecords(): number {
    const born = this.#listNew(RECORDS_EXTENSION, this.#records).map((source) => {
      const path = join(this.#folder, `${source}${RECORDS_EXTENSION}`);
      return { source, path, bornMs: statSync(path).birthtimeMs };
    });
    for (const { source, path } of born.toSorted((a, b) => a.bornMs - b.bornMs))
      this.#records.set(source, new RecordTail(source, path));
    return born.length;
  }

  #listNew(extension: string, known: ReadonlyMap<string, unknown>): string[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(extension))
      .map((name) => name.slice(0, -extension.length))
      .filter((source) => !known.has(source));
  }
}

function limit<Tail extends { size(): number }>(tails: readonly Tail[]): Limited<Tail>[] {
  return tails.map((tail) => ({ tail, limit: tail.size() }));
}

/** Up to when all record inboxes have been read, where one wasn't read to its limit; a writer's entries are in order. */
function findReadTime(records: readonly Limited<RecordTail>[]): UnixTime | undefined {
  const times = records
    .filter(({ tail, limit: to }) => !tail.isReadTo(to))
    .map(({ tail }) => tail.lastTime);
  const [first] = times.toSorted(compareTimes);
  return first && fromUnixMs(toUnixMs(first) - CLOCK_SLACK_MS);
}
