import { statSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from '../../spool/layout.ts';
import { parseRecords, parseSpans, readLines } from '../../spool/signal-reader.ts';
import type { StoredRecord, StoredSpan } from '../../spool/signal-reader.ts';

/** Takes what a run directory holds, in the order in which it was written. */
export interface RunVisitor {
  record(record: StoredRecord): void;
  span(span: StoredSpan): void;
}

/**
 * Reads a run directory from its beginning, piece by piece, as it grows. A span is handed on when all records are that
 * were there before it: so what is in a span, such as its metrics, is known when the span is.
 */
export class RunReader {
  readonly #runDir: string;
  #logsRead = 0;
  #spansRead = 0;
  /** How far the spans may be read: to where they were before the records were read to their end. */
  #spansReadable = 0;

  constructor(runDir: string) {
    this.#runDir = runDir;
  }

  /** Bytes of `traces.jsonl` that are read. */
  get spansReadBytes(): number {
    return this.#spansRead;
  }

  /** Bytes that are there. */
  get totalBytes(): number {
    return sizeOf(join(this.#runDir, FILE.logs)) + sizeOf(join(this.#runDir, FILE.traces));
  }

  /** Bytes that aren't read yet. */
  get pendingBytes(): number {
    const logs = sizeOf(join(this.#runDir, FILE.logs)) - this.#logsRead;
    return (
      Math.max(0, logs) + Math.max(0, sizeOf(join(this.#runDir, FILE.traces)) - this.#spansRead)
    );
  }

  /** Reads the next piece of at most about so many bytes; gives whether there was anything. */
  read(visitor: RunVisitor, maxBytes: number): boolean {
    const spansThere = sizeOf(join(this.#runDir, FILE.traces));
    const logs = this.#readLogs(visitor, maxBytes);
    if (logs.isAtEnd) this.#spansReadable = spansThere;
    return this.#readSpans(visitor, maxBytes) || logs.hasRead;
  }

  #readLogs(visitor: RunVisitor, maxBytes: number): { hasRead: boolean; isAtEnd: boolean } {
    const start = this.#logsRead;
    for (const { bytes, offset } of readLines(join(this.#runDir, FILE.logs), start)) {
      for (const record of parseRecords(bytes)) visitor.record(record);
      this.#logsRead = offset + bytes.length + 1;
      if (this.#logsRead - start >= maxBytes) return { hasRead: true, isAtEnd: false };
    }
    return { hasRead: this.#logsRead > start, isAtEnd: true };
  }

  #readSpans(visitor: RunVisitor, maxBytes: number): boolean {
    const start = this.#spansRead;
    for (const { bytes, offset } of readLines(join(this.#runDir, FILE.traces), start)) {
      const end = offset + bytes.length + 1;
      if (end > this.#spansReadable) break;
      for (const span of parseSpans(bytes)) visitor.span(span);
      this.#spansRead = end;
      if (end - start >= maxBytes) break;
    }
    return this.#spansRead > start;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
