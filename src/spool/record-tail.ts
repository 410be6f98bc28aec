import type { InboxEntry } from '../model/inbox.ts';
import { parseNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { InboxVisitor } from './inbox-visitor.ts';
import { TailFile } from './tail-file.ts';

const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Reads the entries of one record inbox, a JSON object a line, as it grows. */
export class RecordTail {
  readonly source: string;
  readonly #file: TailFile;
  #lastTime = '';

  /** @throws the file system's error when the inbox can't be opened. */
  constructor(source: string, path: string) {
    this.source = source;
    this.#file = new TailFile(path);
  }

  /** Bytes in the inbox now. */
  size(): number {
    return this.#file.size();
  }

  /** Whether everything up to byte `limit` was read. */
  isReadTo(limit: number): boolean {
    return this.#file.offset >= limit;
  }

  /** The time of the last entry that was read. */
  get lastTime(): UnixTime {
    return parseNanoString(this.#lastTime) ?? [0, 0];
  }

  /** Hands on the next whole entries up to byte `limit`, at most `maxBytes` of them; gives whether there was anything new. */
  read(visitor: InboxVisitor, limit: number, maxBytes: number): boolean {
    const readBefore = this.#file.offset;
    const bytes = this.#file.read(Math.min(limit - readBefore, maxBytes));
    const start = this.#file.offset - bytes.length;
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      const place = { source: this.source, offset: start + from };
      const entry = parseEntry(bytes.subarray(from, end));
      if (entry !== undefined) {
        visitor.entry(entry, place);
        if (typeof entry.time === 'string') this.#lastTime = entry.time;
      } else if (end > from) visitor.unreadable(place);
      from = end + 1;
    }
    const rest = bytes.subarray(from);
    if (rest.length <= MAX_LINE_BYTES) this.#file.keep(rest);
    else visitor.unreadable({ source: this.source, offset: start + from });
    return this.#file.offset > readBefore;
  }

  close(): void {
    this.#file.close();
  }
}

/** An entry of an inbox; `undefined` for what isn't one. */
export function parseEntry(bytes: Buffer): InboxEntry | undefined {
  try {
    const entry = JSON.parse(bytes.toString('utf8')) as InboxEntry;
    const isEntry = typeof entry === 'object' && entry !== null && typeof entry.type === 'string';
    return isEntry ? entry : undefined;
  } catch {
    return undefined;
  }
}
