import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * Takes off a file's torn last line, which a killed writer has left, so that what is appended next isn't glued to it.
 * A file that isn't there is left alone.
 */
export function cutTornLine(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const end = findLastLineEnd(fd, size);
    if (end < size) ftruncateSync(fd, end);
  } finally {
    closeSync(fd);
  }
}

/** Where the last whole line ends, its newline included. */
function findLastLineEnd(fd: number, size: number): number {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const length = readSync(fd, block, 0, end - start, start);
    const newline = block.subarray(0, length).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}
