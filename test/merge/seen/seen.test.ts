import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HookEntry, InboxEntry, LogEntry, ShownEntry } from '../../../src/model/inbox.ts';
import { FILE } from '../../../src/spool/layout.ts';
import { DEFAULT_TIME_MS, mergeConsole } from '../../support/merge-console.ts';
import type { Chunk, MergedConsole } from '../../support/merge-console.ts';
import { createTemporaryDir } from '../../support/temporary.ts';

const TIME = `${DEFAULT_TIME_MS}000000`;

function hook(more: Partial<HookEntry> = {}): HookEntry {
  return { type: 'hook', time: TIME, pid: 7, console: 'test', stdout: true, stderr: true, ...more };
}

/** A record, and what its handler is about to write of it. */
function logged(id: number, body: string, text = `${body}\n`, more: Partial<LogEntry> = {}) {
  const log: LogEntry = { type: 'log', time: TIME, id, severity: 9, logger: 'app', body, ...more };
  const shown: ShownEntry = { type: 'shown', time: TIME, of: id, stream: 'stderr', text };
  return [log, shown];
}

function merge(
  bytes: string | readonly Chunk[],
  inboxes: Record<string, readonly InboxEntry[]>,
  more: { hasWritten?: (uid: string) => boolean } = {},
): MergedConsole {
  const chunks = typeof bytes === 'string' ? [{ stream: 'stderr' as const, bytes }] : bytes;
  return mergeConsole(chunks, { home: createTemporaryDir(), inboxes, ...more });
}

/** Who told of each record, and its message; those of stagelight itself are left out. */
function toLines({ records }: MergedConsole): string[] {
  return records
    .filter(({ eventName }) => eventName === undefined)
    .map(({ logger, body }) => `${logger}: ${String(body)}`)
    .toSorted();
}

function readSeen({ runDir }: MergedConsole): Record<string, unknown>[] {
  return readFileSync(join(runDir, FILE.seen), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a record that its process has told, and that comes by on the console', () => {
  test('is one record, and where it was seen stands in the index', () => {
    const merged = merge('before\n[app] hello\nafter\n', {
      a: [hook(), ...logged(1, 'hello', '[app] hello\n')],
    });

    expect(toLines(merged)).toEqual(['app: hello', 'console: after', 'console: before']);
    const uid = merged.records.find(({ body }) => body === 'hello')?.attributes['log.record.uid'];
    expect(readSeen(merged)).toEqual([
      { uid, stream: 'stderr', console: 'test', offset: 7, lines: 1 },
    ]);
  });

  test('a print that equals it is a record of its own', () => {
    const merged = merge('hello\nhello\n', { a: [hook(), ...logged(1, 'hello')] });

    expect(toLines(merged)).toEqual(['app: hello', 'console: hello']);
  });

  test('what was printed before it was told is not it: a run that is merged late has the same records', () => {
    const at = (timeMs: number): Chunk => ({ stream: 'stderr', bytes: 'done\n', timeMs });
    const [log, shown] = logged(1, 'done');
    const time = `${DEFAULT_TIME_MS + 1000}000000`;
    const merged = merge([at(DEFAULT_TIME_MS), at(DEFAULT_TIME_MS + 1001)], {
      a: [hook(), { ...log!, time }, { ...shown!, time }],
    });

    expect(toLines(merged)).toEqual(['app: done', 'console: done']);
    expect(readSeen(merged)).toMatchObject([{ offset: 5 }]);
  });

  test('what a killed merge has written as a line of its own stays one when it is done anew', () => {
    const inboxes = { a: [hook(), ...logged(1, 'done')] };
    const merged = merge('done\ndone\n', inboxes, { hasWritten: (uid) => uid.endsWith('.e.0') });

    expect(toLines(merged)).toEqual(['app: done']);
    expect(readSeen(merged)).toMatchObject([{ offset: 5 }]);
  });

  test('later lines that equal another one’s go with their own first line', () => {
    const first = '1 hello\nand so on\n';
    const second = '2 hello\nand so on\n';
    const merged = merge(second + first, {
      a: [hook(), ...logged(1, 'hello\nand so on', first)],
      b: [hook(), ...logged(1, 'hello\nand so on', second)],
    });

    expect(toLines(merged)).toHaveLength(2);
    expect(readSeen(merged).map(({ offset, lines }) => [offset, lines])).toEqual([
      [0, 2],
      [second.length, 2],
    ]);
  });

  test('two equal ones in the same instant are two, and so are those of two ranks', () => {
    const merged = merge('same\nsame\nsame\n', {
      a: [hook(), ...logged(1, 'same'), ...logged(2, 'same')],
      b: [hook({ pid: 8 }), ...logged(1, 'same')],
    });

    expect(toLines(merged)).toEqual(['app: same', 'app: same', 'app: same']);
  });

  test('one that two handlers write is one record, seen twice', () => {
    const [log, shown] = logged(1, 'twice');
    const merged = merge('twice\ntwice\n', { a: [hook(), log!, shown!, shown!] });

    expect(toLines(merged)).toEqual(['app: twice']);
    expect(readSeen(merged)).toHaveLength(2);
  });

  test('with a traceback, which the console would read as one of its own', () => {
    const traceback =
      'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: bad\n';
    const merged = merge(`ERROR:app:failed\n${traceback}`, {
      a: [hook(), ...logged(1, 'failed', `ERROR:app:failed\n${traceback}`)],
    });

    expect(toLines(merged)).toEqual(['app: failed']);
  });

  test('colours, what a terminal adds, and a bar before it make no difference', () => {
    const merged = merge(
      'bar: 10%|#  | 1/10\r\x1b[K\x1b[32mhello\x1b[0m\r\nbar: 1[app] a line of text\n',
      {
        a: [
          hook(),
          ...logged(1, 'hello', '\x1b[32mhello\x1b[0m\n'),
          ...logged(2, 'a line of text', '[app] a line of text\n'),
        ],
      },
    );

    expect(toLines(merged)).toEqual(['app: a line of text', 'app: hello', 'console: bar: 1']);
  });

  test('longer than a record may be', () => {
    const text = 'x'.repeat(300_000);
    const merged = merge(`${text}\nend\n`, { a: [hook(), ...logged(1, 'long', `${text}\n`)] });

    expect(toLines(merged)).toEqual(['app: long', 'console: end']);
  });

  test('what was never shown, or only in part, is kept once, and so is what nobody explains', () => {
    const merged = merge('first\n', { a: [hook(), ...logged(1, 'm', 'first\nsecond\n')] });

    expect(toLines(merged)).toEqual(['app: m']);
  });

  test('a file that it went to is in the index', () => {
    const [log] = logged(1, 'hello');
    const path = '/outputs/app.log';
    const merged = merge('', {
      a: [
        hook(),
        log!,
        { type: 'shown', time: TIME, of: 1, stream: 'file', path, text: 'hello\n' },
      ],
    });

    expect(readSeen(merged).map((seen) => seen['path'])).toEqual([path]);
  });

  test('one that a queue handed to another process is known there, though not which it is', () => {
    const merged = merge('from the queue\n', {
      a: [hook(), logged(1, 'from the queue')[0]!],
      b: [hook(), { type: 'shown', time: TIME, stream: 'stderr', text: 'from the queue\n' }],
    });

    expect(toLines(merged)).toEqual(['app: from the queue']);
  });

  test('however much is told before the console is read', () => {
    const count = 40_000;
    const entries: InboxEntry[] = [hook()];
    const lines: Chunk[] = [];
    for (let id = 1; id <= count; id += 1) {
      const time = `${DEFAULT_TIME_MS + id}000000`;
      const text = `[app] ${id} ${'x'.repeat(200)}\n`;
      for (const entry of logged(id, `m${id}`, text)) entries.push({ ...entry, time });
      lines.push({
        stream: 'stderr',
        bytes: id % 1000 === 0 ? `${text}p\n` : text,
        timeMs: DEFAULT_TIME_MS + id,
      });
    }
    const merged = merge(lines, { a: entries });

    const prints = merged.records.filter(({ logger }) => logger === 'console');
    expect(prints.map(({ body }) => body)).toEqual(Array.from({ length: 40 }, () => 'p'));
    expect(toLines(merged)).toHaveLength(count + 40);
  });

  test('however the bytes are chunked', () => {
    const entries = [1, 2, 3].flatMap((id) =>
      logged(id, `m${id}`, `[app] m${id}\nmore of ${id}\n`),
    );
    const bytes = Buffer.from(
      'p\n[app] m1\nmore of 1\n[app] m2\nmore of 2\nq[app] m3\nmore of 3\nr',
    );
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (places) => {
        const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
        const chunks = cuts.slice(1).map((end, index) => ({
          stream: 'stderr' as const,
          bytes: bytes.subarray(cuts[index], end),
        }));
        expect(toLines(merge(chunks, { a: [hook(), ...entries] }))).toEqual([
          'app: m1',
          'app: m2',
          'app: m3',
          'console: p',
          'console: q',
          'console: r',
        ]);
      }),
      { numRuns: 20 },
    );
  });
});

test('a record whose span nobody has told of yet is in the stage of its process', () => {
  const [log] = logged(1, 'hello', 'hello\n', { span: 'b'.repeat(16) });
  const { records } = merge('', { a: [hook({ stage: 'train' }), log!] });

  const record = records.find(({ body }) => body === 'hello');
  expect(record?.attributes['cicd.pipeline.task.name']).toBe('train');
});

describe('a program that repeats what another one prints', () => {
  test('keeps the lines of its own record, though another one begins with such a line', () => {
    const first = "01:33:56.000 | ERROR   | Flow run 'calm-bear' - it broke\nSome words\n";
    const merged = merge(`${first}Some words\n`, {
      a: [
        hook(),
        ...logged(1, 'it broke', first, { logger: 'prefect.flow_runs' }),
        ...logged(2, 'Some words'),
      ],
    });

    expect(readSeen(merged)).toMatchObject([{ offset: first.length, lines: 1 }]);
  });

  const inner = [
    hook({ pid: 9, stdout: false, stderr: false }),
    ...logged(1, 'inner', '[t][inner] - a message\n', { logger: 'inner' }),
  ];
  const line = "01:33:56.000 | INFO    | Task run 'load-6f0' - [t][inner] - a message\n";

  test('through its own logging: the record of the inner program is kept, once', () => {
    const outer = logged(1, '[t][inner] - a message', line, { logger: 'prefect.task_runs' });
    const merged = merge(line, { a: [hook(), ...outer], b: inner });

    expect(toLines(merged)).toEqual(['inner: inner']);
    expect(readSeen(merged).map(({ logger }) => logger)).toEqual(['prefect.task_runs', undefined]);
  });

  test('in lines of its own, with a prefix or without', () => {
    expect(toLines(merge(line, { b: inner }))).toEqual(['inner: inner']);
    expect(toLines(merge('[t][inner] - a message\n', { b: inner }))).toEqual(['inner: inner']);
  });

  test('in lines with a prefix, late, however many of them end alike', () => {
    const texts = Array.from({ length: 500 }, (_, index) => `[inner] step ${index}: loss 0.0001`);
    const entries = texts.flatMap((text, index) => logged(index, text.slice(8), `${text}\n`));
    const printed = texts.map((text) => `child | ${text}\n`).join('');
    const merged = merge(printed, { b: [inner[0]!, ...entries] });

    expect(toLines(merged)).toEqual(texts.map((text) => `app: ${text.slice(8)}`).toSorted());
  });

  test('what the inner one prints is read as if it were printed here, with what the outer one knows', () => {
    const relayed =
      "01:33:56.000 | INFO    | Task run 'load-6f0' - [E 2026-11-23 01:33:55,000] it broke\n";
    const outer = logged(1, '[E 2026-11-23 01:33:55,000] it broke', relayed, {
      logger: 'prefect.task_runs',
      attributes: { 'prefect.task_run.id': 'abc' },
    });
    const merged = merge(relayed, { a: [hook(), ...outer] });

    expect(toLines(merged)).toEqual(['optuna: it broke']);
    const [record] = merged.records.filter(({ body }) => body === 'it broke');
    expect(record?.severity).toBe(17);
    expect(record?.attributes['prefect.task_run.id']).toBe('abc');
  });

  test('what it logs of its own and never shows is kept', () => {
    const [log] = logged(1, 'a message of the flow', '', { logger: 'prefect.flow_runs' });

    expect(toLines(merge('', { a: [hook(), log!] }))).toEqual([
      'prefect.flow_runs: a message of the flow',
    ]);
  });

  test('an equal message of a program that prints here itself is another record', () => {
    const merged = merge('done\ndone\n', {
      a: [hook(), ...logged(1, 'done', 'done\n', { logger: 'outer' })],
      b: [hook({ pid: 9 }), ...logged(1, 'done', 'done\n', { logger: 'inner' })],
    });

    expect(toLines(merged)).toEqual(['inner: done', 'outer: done']);
  });
});
