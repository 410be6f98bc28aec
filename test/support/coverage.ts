import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from '../../src/spool/layout.ts';
import type { RecordedRun } from './cli.ts';

/** A line of `seen.jsonl`. */
export interface Seen {
  readonly uid?: string;
  readonly stream?: string;
  readonly console?: string;
  readonly offset?: number;
  readonly lines?: number;
  readonly path?: string;
  readonly logger?: string;
}

export function readSeen(runDir: string): Seen[] {
  const file = join(runDir, FILE.seen);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Seen);
}

/** Which lines of a stream of the run's own console aren't in exactly one record: the line, and in how many it is. */
export function findMiscounted(
  run: RecordedRun,
  stream: 'stdout' | 'stderr',
  printed: string,
): [string, number][] {
  const bytes = Buffer.from(printed);
  const counts: { offset: number; text: string; count: number }[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    const to = end < 0 ? bytes.length : end;
    counts.push({ offset: start, text: bytes.toString('utf8', start, to), count: 0 });
    start = to + 1;
  }
  const cover = (offset: number, lines: number): void => {
    if (offset >= bytes.length) return; // behind what was looked at
    const first = counts.findLastIndex((each) => each.offset <= offset);
    for (const each of counts.slice(first, first + lines)) each.count += 1;
  };
  for (const seen of readSeen(run.runDir)) {
    if (seen.stream === stream) cover(seen.offset!, seen.lines!);
  }
  for (const { body, attributes } of run.lines) {
    if (attributes['log.iostream'] !== stream) continue;
    const uid = String(attributes['log.record.uid']);
    const raw = String(attributes['log.record.original'] ?? body);
    cover(parseInt(uid.slice(uid.lastIndexOf('.') + 1), 36), raw.split('\n').length);
  }
  return counts.filter(({ count }) => count !== 1).map(({ text, count }) => [text, count]);
}

/** Attributes that are twice in one list: OTLP has each once. */
export function findDoubledAttributes({ runDir }: RecordedRun): string[] {
  const doubled: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { attributes } = value as { attributes?: { key: string }[] };
    const keys = Array.isArray(attributes) ? attributes.map(({ key }) => key) : [];
    doubled.push(...keys.filter((key, index) => keys.indexOf(key) < index));
    for (const part of Object.values(value)) visit(part);
  };
  for (const name of [FILE.logs, FILE.traces]) {
    const lines = readFileSync(join(runDir, name), 'utf8').trimEnd().split('\n');
    for (const line of lines) visit(JSON.parse(line));
  }
  return doubled;
}
