import { closeSync, openSync, readSync } from 'node:fs';

/** A line of a file; its bytes are only there until the next line is asked for. */
export interface LineView {
  readonly bytes: Buffer;
  /** Where the next line begins in the file. */
  readonly end: number;
}

const FIRST_BUFFER_BYTES = 1024 * 1024;
/** A longer line isn't one of ours, whose longest are some hundred kilobytes: it is passed over. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The whole lines of a file from a byte on, in a buffer that is used again and again: a file of any size takes little
 * memory. A torn last line is left out; no file is no lines.
 */
export function* readLineViews(path: string, from = 0): Generator<LineView, void> {
  const fd = tryOpen(path);
  if (fd === undefined) return;
  try {
    yield* readViews(fd, from);
  } finally {
    closeSync(fd);
  }
}

function* readViews(fd: number, from: number): Generator<LineView, void> {
  let buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  let position = from;
  let kept = 0;
  let isPassingOver = false;
  for (;;) {
    const length = readSync(fd, buffer, kept, buffer.length - kept, position + kept);
    if (length === 0) return;
    const filled = kept + length;
    let start = 0;
    for (
      let newline = buffer.indexOf(NEWLINE, kept);
      newline >= 0 && newline < filled;
      newline = buffer.indexOf(NEWLINE, start)
    ) {
      const view = { bytes: buffer.subarray(start, newline), end: position + newline + 1 };
      start = newline + 1;
      if (!isPassingOver) yield view;
      isPassingOver = false;
    }
    buffer.copyWithin(0, start, filled);
    position += start;
    kept = filled - start;
    if (kept < buffer.length) continue;
    if (buffer.length >= MAX_LINE_BYTES) {
      isPassingOver = true;
      position += kept;
      kept = 0;
    } else {
      buffer = Buffer.concat([buffer], Math.min(2 * buffer.length, MAX_LINE_BYTES));
    }
  }
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
