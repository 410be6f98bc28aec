import { compareTimes } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { ConsoleOpenEntry, InboxEntry } from '../model/inbox.ts';
import { MAX_FRAME_BYTES, parseFrames } from './console-inbox.ts';
import type { InboxVisitor } from './inbox-visitor.ts';
import { parseEntry } from './record-tail.ts';
import { TailFile } from './tail-file.ts';

/** The entries that say whose console it is lie in these first bytes. */
const HEAD_BYTES = 256 * 1024;

/** Reads the frames of one console inbox, as it grows. */
export class ConsoleTail {
  readonly source: string;
  readonly #file: TailFile;
  #depth = 0;

  /** @throws the file system's error when the inbox can't be opened. */
  constructor(source: string, path: string) {
    this.source = source;
    this.#file = new TailFile(path);
  }

  /** Bytes in the inbox now. */
  size(): number {
    return this.#file.size();
  }

  /** How many consoles are around it; 0 for the run's own. Known when the head has been read. */
  get depth(): number {
    return this.#depth;
  }

  /**
   * Hands on the entries that the inbox begins with: whose console it is, before anything that was printed. Gives `false`,
   * and hands on nothing, when its writer has only just made it.
   */
  readHead(visitor: InboxVisitor): boolean {
    const bytes = this.#file.read(HEAD_BYTES);
    const { frames } = parseFrames(bytes);
    const count = frames.findIndex(({ kind }) => kind !== 'entry');
    const head = count < 0 ? frames : frames.slice(0, count);
    const open = head.map(({ payload }) => parseEntry(payload)).find(isConsoleOpen);
    if (open === undefined && count < 0 && bytes.length < HEAD_BYTES) return false;
    this.#depth = open?.depth ?? 0;
    for (const frame of head) visitor.frame(frame, { source: this.source, offset: frame.offset });
    const last = head.at(-1);
    this.#file.keep(last === undefined ? bytes : bytes.subarray(last.end));
    return true;
  }

  /**
   * Hands on the frames up to byte `limit` of the inbox and to `until`, at most `maxBytes` of them; gives whether there were
   * any.
   */
  read(
    visitor: InboxVisitor,
    to: { limit: number; until?: UnixTime | undefined; maxBytes: number },
  ): boolean {
    const { limit, until, maxBytes } = to;
    const readBefore = this.#file.offset;
    const bytes = this.#file.read(Math.min(limit - readBefore, maxBytes));
    const start = this.#file.offset - bytes.length;
    const { frames, rest } = parseFrames(bytes);
    for (const frame of frames) {
      if (until !== undefined && compareTimes(frame.time, until) > 0) {
        this.#file.keep(bytes.subarray(frame.offset));
        return frame !== frames[0];
      }
      visitor.frame(frame, { source: this.source, offset: start + frame.offset });
    }
    if (rest.length <= MAX_FRAME_BYTES) this.#file.keep(rest);
    else visitor.unreadable({ source: this.source, offset: this.#file.offset - rest.length });
    return this.#file.offset > readBefore || frames.length > 0;
  }

  close(): void {
    this.#file.close();
  }
}

function isConsoleOpen(entry: InboxEntry | undefined): entry is ConsoleOpenEntry {
  return entry?.type === 'console-open';
}
