import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from '../spool/layout.ts';
import type { Written } from './recorder.ts';

const BLOCK_BYTES = 1024 * 1024;
/** No uid or span ID is longer. */
const OVERLAP_BYTES = 1024;

/** What is already in the files of a run that a killed merge has left. */
export function findWritten(runDir: string): Written {
  const uids = new UidSet();
  const spanIds = new Set<string>();
  scan(
    join(runDir, FILE.logs),
    /\{"key":"log\.record\.uid","value":\{"stringValue":"([^"]{1,500})"/g,
    (uid) => uids.add(uid),
  );
  scan(
    join(runDir, FILE.traces),
    /\{"traceId":"[0-9a-f]{32}","spanId":"([0-9a-f]{16})",(?:"parentSpanId"|"flags")/g,
    (id) => spanIds.add(id),
  );
  return { uids, spanIds };
}

/** Calls `take` with the first group of every match, without holding more than a block of the file. */
function scan(path: string, pattern: RegExp, take: (text: string) => void): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return; // nothing was written yet
  }
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let position = 0; ; position += BLOCK_BYTES - OVERLAP_BYTES) {
    const length = readSync(fd, buffer, 0, BLOCK_BYTES, position);
    for (const match of buffer.toString('latin1', 0, length).matchAll(pattern)) take(match[1]!);
    if (length < BLOCK_BYTES) break;
  }
  closeSync(fd);
}

/** Console records' uids are a prefix and a number; a set of numbers is a tenth of a set of strings. */
class UidSet {
  readonly #numbers = new Map<string, Set<number>>();
  readonly #others = new Set<string>();

  add(uid: string): void {
    const numbered = splitUid(uid);
    if (numbered === undefined) {
      this.#others.add(uid);
      return;
    }
    const numbers = this.#numbers.get(numbered.prefix);
    if (numbers === undefined) this.#numbers.set(numbered.prefix, new Set([numbered.number]));
    else numbers.add(numbered.number);
  }

  has(uid: string): boolean {
    const numbered = splitUid(uid);
    if (numbered === undefined) return this.#others.has(uid);
    return this.#numbers.get(numbered.prefix)?.has(numbered.number) ?? false;
  }
}

function splitUid(uid: string): { prefix: string; number: number } | undefined {
  const dot = uid.lastIndexOf('.');
  if (dot < 0 || !/^[0-9a-z]{1,10}$/.test(uid.slice(dot + 1))) return undefined;
  return { prefix: uid.slice(0, dot), number: parseInt(uid.slice(dot + 1), 36) };
}
