import { compareTimes } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { MAX_FRAME_BYTES, parseFrames } from './console-inbox.ts';
import type { InboxVisitor } from './inbox-visitor.ts';
import { parseEntry } from './record-tail.ts';
import { TailFile } from './tail-file.ts';

/** The entries that say whose console it is lie in these first bytes. */
const HEAD_BYTES = 4096;

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

  /** How many consoles are around it; 0 for the run's own. Known when the head is read. */
  get depth(): number {
    return this.#depth;
  }

  /** Hands on the entries that the inbox begins with: whose console it is, before anything that was printed. */
  readHead(visitor: InboxVisitor): void {
    const bytes = this.#file.read(HEAD_BYTES);
    const { frames } = parseFrames(bytes);
    const count = frames.findIndex(({ kind }) => kind !== 'entry');
    const head = count < 0 ? frames : frames.slice(0, count);
    for (const frame of head) {
      const entry = parseEntry(frame.payload);
      if (entry?.type === 'console-open') this.#depth = entry.depth ?? 0;
      visitor.frame(frame, { source: this.source, offset: frame.offset });
    }
    const last = head.at(-1);
    this.#file.keep(last === undefined ? bytes : bytes.subarray(last.end));
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
