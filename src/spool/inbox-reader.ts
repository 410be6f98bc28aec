import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CONSOLE_EXTENSION } from './console-inbox.ts';
import { ConsoleTail } from './console-tail.ts';
import type { InboxVisitor } from './inbox-visitor.ts';

import { parseSourceTime } from './process-identity.ts';
import { RecordTail } from './record-tail.ts';

const RECORDS_EXTENSION = '.jsonl';

/** Reads all inboxes of a run, as they grow. */
export class InboxReader {
  readonly #folder: string;
  readonly #records = new Map<string, RecordTail>();
  /** The oldest first. */
  readonly #consoles = new Map<string, ConsoleTail>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what is new: the record inboxes to their end, then the consoles, the innermost first, up to where they were
   * when the reading began; of the outermost, the run's own, at most `maxBytes`.
   *
   * What a process logs is in its inbox before it is on a console, and what a command inside the run prints is in its
   * console's inbox before it is passed on to the console around it. In this order a line that repeats another comes
   * second.
   * @returns whether anything was read.
   */
  read(visitor: InboxVisitor, maxBytes: number): boolean {
    this.#discover(visitor);
    const consoles = [...this.#consoles.values()]
      .map((tail) => ({ tail, limit: tail.size() }))
      .toSorted((a, b) => b.tail.depth - a.tail.depth);
    let hasRead = false;
    for (const tail of this.#records.values()) while (tail.read(visitor, maxBytes)) hasRead = true;
    for (const { tail, limit } of consoles) {
      while (tail.read(visitor, limit, maxBytes)) {
        hasRead = true;
        if (tail.depth === 0) break;
      }
    }
    return hasRead;
  }

  close(): void {
    for (const tail of [...this.#records.values(), ...this.#consoles.values()]) tail.close();
  }

  #discover(visitor: InboxVisitor): void {
    const names = readdirSync(this.#folder);
    const consoles = names
      .filter((name) => name.endsWith(CONSOLE_EXTENSION))
      .map((name) => name.slice(0, -CONSOLE_EXTENSION.length))
      .filter((source) => !this.#consoles.has(source))
      .toSorted((a, b) => parseSourceTime(a) - parseSourceTime(b));
    for (const source of consoles) {
      const tail = new ConsoleTail(source, join(this.#folder, `${source}${CONSOLE_EXTENSION}`));
      this.#consoles.set(source, tail);
      tail.readHead(visitor);
    }
    for (const name of names) {
      const source = name.slice(0, -RECORDS_EXTENSION.length);
      if (!name.endsWith(RECORDS_EXTENSION) || this.#records.has(source)) continue;
      this.#records.set(source, new RecordTail(source, join(this.#folder, name)));
    }
  }
}
