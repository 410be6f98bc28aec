import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { array, assert, boolean, integer, property, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryBuffer } from '../../src/capture/api/entry-buffer.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

function open(folder = createTemporaryDir()) {
  const path = join(folder, 'inbox.jsonl');
  const told: string[] = [];
  const waiting: boolean[] = [];
  const buffer = new EntryBuffer({
    path,
    tell: (message) => told.push(message),
    onWaiting: (isWaiting) => waiting.push(isWaiting),
    toLossEntry: (count) => `{"type":"fault","count":${count}}\n`,
  });
  const read = () => readFileSync(path, 'utf8');
  return { buffer, path, read, told, waiting };
}

function now(): [seconds: number, nanos: number] {
  return [Math.floor(Date.now() / 1000), (Date.now() % 1000) * 1e6];
}

const HEAD = '{"logger":"app"';

/** The texts in an inbox, in order, whether they share entries or not. */
function readBodies(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const entry = JSON.parse(line) as Record<'body' | 'bodies' | 'line' | 'lengths', string>;
      if (entry.bodies === undefined) return [entry.body ?? entry.line];
      const lengths = Buffer.from(entry.lengths, 'base64');
      let start = 0;
      return Array.from({ length: lengths.length / 2 }, (_, index) =>
        entry.bodies.slice(start, (start += lengths.readUInt16LE(2 * index))),
      );
    });
}

describe('EntryBuffer', () => {
  it('has written what comes now and then when add returns', () => {
    const { buffer, read, waiting } = open();
    for (let n = 0; n < 10; n += 1) {
      buffer.add(`{"line":"${n}"}\n`);
      expect(readBodies(read())).toHaveLength(n + 1);
    }
    expect(waiting).toEqual([]);
    buffer.end();
  });

  it('writes a burst in blocks, in order, and the rest of it within 50 ms', async () => {
    const { buffer, read, waiting } = open();
    const expected: string[] = [];
    for (let n = 0; n < 50_000; n += 1) {
      const text = `line ${n}`;
      expected.push(text);
      if (n % 1000 === 0) buffer.add(`{"line":"${text}"}\n`);
      else
        buffer.addText(
          n % 777 === 0 ? '{"logger":"other"' : HEAD,
          [Math.floor(Date.now() / 1000), n],
          text,
        );
    }
    await waitFor(() => waiting.at(-1) === false);
    expect(readBodies(read())).toEqual(expected);
    expect(waiting[0]).toBe(true);
  });

  it('writes late entries of a loop that never lets the event loop turn', () => {
    const { buffer, read, waiting } = open();
    while (waiting.length === 0) buffer.addText(HEAD, now(), 'burst');
    const startMs = Date.now();
    while (Date.now() < startMs + 60);
    buffer.addText(HEAD, now(), 'after a pause');
    expect(readBodies(read()).at(-1)).toBe('after a pause');
    buffer.end();
  });

  it('keeps texts of any kind and length as they are', () => {
    assert(
      property(
        array(tuple(string({ unit: 'binary' }), integer({ min: 1, max: 3000 }), boolean())),
        (texts) => {
          const { buffer, read } = open();
          for (let n = 0; n < 3000; n += 1) buffer.addText(HEAD, [5, n], 'to be in a burst');
          const expected = texts.map(([text, repeat]) => text.repeat(repeat));
          expected.forEach((text, index) => {
            if (texts[index]![2]) buffer.add(`{"line":${JSON.stringify(text)}}\n`);
            else buffer.addText(HEAD, [5, index], text);
          });
          buffer.end();
          expect(readBodies(read()).slice(3000)).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps what the disk refuses, tells of it, and writes it when it can', async () => {
    const folder = join(createTemporaryDir(), 'not-there-yet');
    const { buffer, path, read, told } = open(folder);
    for (let n = 0; n < 5000; n += 1) buffer.addText(HEAD, [5, n], `line ${n}`);
    expect(told[0]).toMatch(/^can't record: ENOENT/);
    mkdirSync(dirname(path));
    await waitFor(() => {
      try {
        return readBodies(read()).length === 5000;
      } catch {
        return false;
      }
    });
    expect(readBodies(read())).toEqual(Array.from({ length: 5000 }, (_, n) => `line ${n}`));
  });

  it('counts what is beyond 32 MiB, and writes the number down', () => {
    const folder = join(createTemporaryDir(), 'not-there-yet');
    const { buffer, path, read } = open(folder);
    const text = 'x'.repeat(100_000);
    const count = 400;
    for (let n = 0; n < count; n += 1) buffer.add(`{"line":"${text}"}\n`);
    mkdirSync(dirname(path));
    buffer.end();
    const lines = read().trim().split('\n');
    const lost = (JSON.parse(lines.at(-1)!) as { count: number }).count;
    expect(lines.length - 1 + lost).toBe(count);
    expect(lost).toBeGreaterThan(0);
    expect(lines.length * text.length).toBeLessThan(34 * 1024 * 1024);
  });

  it('writes at once after its end', () => {
    const { buffer, read } = open();
    for (let n = 0; n < 5000; n += 1) buffer.add(`{"line":"${n}"}\n`);
    buffer.end();
    buffer.add('{"line":"late"}\n');
    expect(readBodies(read()).at(-1)).toBe('late');
    expect(readBodies(read())).toHaveLength(5001);
  });
});
