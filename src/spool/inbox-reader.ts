import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { InboxEntry } from '../model/inbox.ts';
import { CONSOLE_EXTENSION, MAX_FRAME_BYTES, parseFrames } from './console-inbox.ts';
import type { Frame } from './console-inbox.ts';
import { parseSourceTime } from './process-identity.ts';
import { TailFile } from './tail-file.ts';

/** Where an entry stands: the same for the same entry whenever its inbox is read. */
export interface EntryPlace {
  /** The inbox's file name without extension. */
  readonly source: string;
  /** The entry's first byte in the file. */
  readonly offset: number;
}

export interface InboxVisitor {
  /** An entry of a record inbox. */
  entry(entry: InboxEntry, place: EntryPlace): void;
  /** A frame of a console inbox. */
  frame(frame: Frame, place: EntryPlace): void;
  /** A line that is no entry: torn by a killed writer, or not ours. */
  unreadable(place: EntryPlace): void;
}

interface Inbox {
  readonly source: string;
  /** When it was made, which its name ends with. */
  readonly startedMs: number;
  readonly file: TailFile;
  rest: Buffer;
}

const RECORDS_EXTENSION = '.jsonl';
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

/** Reads all inboxes of a run, as they grow. */
export class InboxReader {
  readonly #folder: string;
  readonly #records = new Map<string, Inbox>();
  readonly #consoles = new Map<string, Inbox>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what is new: the record inboxes to their end, then the consoles, the youngest first, up to where they were
   * when the reading began; of the oldest, the run's own, at most `maxBytes`.
   *
   * What a process logs is in its inbox before it is on a console, and what a command inside the run prints is in its
   * console's inbox before it is passed on to the console around it. In this order a line that repeats another comes
   * second.
   * @returns whether anything was read.
   */
  read(visitor: InboxVisitor, maxBytes: number): boolean {
    this.#discover();
    const consoles = [...this.#consoles.values()].toSorted((a, b) => b.startedMs - a.startedMs);
    const limits = consoles.map(({ file }) => file.size());
    let hasRead = false;
    for (const inbox of this.#records.values()) {
      while (this.#readRecords(inbox, visitor, maxBytes)) hasRead = true;
    }
    consoles.forEach((inbox, index) => {
      const limit = limits[index]!;
      const isOldest = index === consoles.length - 1;
      const end = isOldest ? Math.min(limit, inbox.file.offset + maxBytes) : limit;
      while (this.#readConsole(inbox, visitor, Math.min(end - inbox.file.offset, maxBytes)))
        hasRead = true;
    });
    return hasRead;
  }

  close(): void {
    for (const { file } of [...this.#records.values(), ...this.#consoles.values()]) file.close();
  }

  #discover(): void {
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith(RECORDS_EXTENSION)) this.#open(name, RECORDS_EXTENSION, this.#records);
      if (name.endsWith(CONSOLE_EXTENSION)) this.#open(name, CONSOLE_EXTENSION, this.#consoles);
    }
  }

  #open(name: string, extension: string, inboxes: Map<string, Inbox>): void {
    if (inboxes.has(name)) return;
    const source = name.slice(0, -extension.length);
    const file = new TailFile(join(this.#folder, name));
    inboxes.set(name, { source, startedMs: parseSourceTime(source), file, rest: EMPTY });
  }

  #readRecords(inbox: Inbox, visitor: InboxVisitor, maxBytes: number): boolean {
    const bytes = readMore(inbox, maxBytes);
    if (bytes === undefined) return false;
    const start = inbox.file.offset - bytes.length;
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      const place = { source: inbox.source, offset: start + from };
      const entry = parseEntry(bytes.subarray(from, end));
      if (entry !== undefined) visitor.entry(entry, place);
      else if (end > from) visitor.unreadable(place);
      from = end + 1;
    }
    inbox.rest = bytes.subarray(from);
    if (inbox.rest.length > MAX_LINE_BYTES) {
      visitor.unreadable({ source: inbox.source, offset: start + from });
      inbox.rest = EMPTY;
    }
    return true;
  }

  #readConsole(inbox: Inbox, visitor: InboxVisitor, maxBytes: number): boolean {
    const bytes = readMore(inbox, maxBytes);
    if (bytes === undefined) return false;
    const start = inbox.file.offset - bytes.length;
    const { frames, rest } = parseFrames(bytes);
    for (const frame of frames)
      visitor.frame(frame, { source: inbox.source, offset: start + frame.offset });
    inbox.rest = rest;
    if (rest.length > MAX_FRAME_BYTES) {
      visitor.unreadable({ source: inbox.source, offset: inbox.file.offset - rest.length });
      inbox.rest = EMPTY;
    }
    return true;
  }
}

/** What is new, behind what was left of the last time; `undefined` when nothing is. */
function readMore(inbox: Inbox, maxBytes: number): Buffer | undefined {
  const bytes = maxBytes > 0 ? inbox.file.read(maxBytes) : EMPTY;
  if (bytes.length === 0) return undefined;
  return inbox.rest.length === 0 ? bytes : Buffer.concat([inbox.rest, bytes]);
}

function parseEntry(line: Buffer): InboxEntry | undefined {
  try {
    const entry = JSON.parse(line.toString('utf8')) as InboxEntry;
    return typeof entry === 'object' && entry !== null && typeof entry.type === 'string'
      ? entry
      : undefined;
  } catch {
    return undefined;
  }
}
