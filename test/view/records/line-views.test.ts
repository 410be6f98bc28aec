import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLineViews } from '../../../src/view/records/line-views.ts';
import { createTemporaryDir } from '../../support/temporary.ts';

function read(path: string, from = 0): { texts: string[]; end: number } {
  const texts: string[] = [];
  let end = from;
  for (const view of readLineViews(path, from)) {
    texts.push(view.bytes.toString());
    end = view.end;
  }
  return { texts, end };
}

function write(text: string): string {
  const path = join(createTemporaryDir(), 'lines');
  writeFileSync(path, text);
  return path;
}

test('lines of all lengths, longer than the buffer too', () => {
  const lines = ['', 'a', 'b'.repeat(1024 * 1024), 'c'.repeat(3_000_000), 'd', 'é'.repeat(700_000)];
  expect(read(write(`${lines.join('\n')}\n`)).texts).toEqual(lines);
});

test('a torn last line is left for later, and reading goes on where it began', () => {
  const path = write('one\ntwo\nthr');
  const first = read(path);
  expect(first).toEqual({ texts: ['one', 'two'], end: 8 });
  appendFileSync(path, 'ee\nfour\n');
  expect(read(path, first.end)).toEqual({ texts: ['three', 'four'], end: 19 });
});

test('no file is no lines', () => {
  expect(read(join(createTemporaryDir(), 'none')).texts).toEqual([]);
});

test('a line that no program of ours writes is passed over, and what comes behind it is read', () => {
  const path = write('before\n');
  const block = Buffer.alloc(8 * 1024 * 1024, 'x');
  for (let index = 0; index < 9; index += 1) appendFileSync(path, block);
  appendFileSync(path, '\nafter\n');
  expect(read(path).texts).toEqual(['before', 'after']);
});
