import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeConsole } from '../support/merge-console.ts';
import type { Chunk } from '../support/merge-console.ts';
import { createTemporaryDir } from '../support/temporary.ts';

/** What Optuna 5 says of an outer search whose second trial runs an inner one, and of a third search behind them. */
const MESSAGES = [
  'A new study created in memory with name: outer',
  "Trial 0 finished with value: 1.0 and parameters: {'x': 1.0}. Best is trial 0 with value: 1.0.",
  'A new study created in memory with name: inner',
  "Trial 0 finished with value: 0.1 and parameters: {'k': 1}. Best is trial 0 with value: 0.1.",
  'Trial 1 pruned. ',
  "Trial 2 finished with value: 0.3 and parameters: {'k': 2}. Best is trial 0 with value: 0.1.",
  "Trial 1 finished with value: 0.5 and parameters: {'x': 0.5}. Best is trial 1 with value: 0.5.",
  "Trial 2 failed with parameters: {'x': 2.0} because of the following error: The value nan is not acceptable.",
  'Trial 2 failed with value nan.',
  'A new study created in memory with name: last',
  "Trial 0 finished with value: 7.0 and parameters: {'m': 3}. Best is trial 0 with value: 7.0.",
];
const TIME = '2026-11-23 01:33:56,000';
const LINES = {
  stderr: MESSAGES.map((message) => `[I ${TIME}] ${message}\n`),
  // As a root handler shows them when `optuna.logging.enable_propagation()` was called.
  stdout: MESSAGES.map((message) => `${TIME} - optuna.study.study - INFO - ${message}\n`),
};
const TRIALS = ['inner 0', 'inner 1', 'inner 2', 'last 0', 'outer 0', 'outer 1', 'outer 2'];

test('studies that both streams tell of are there once, whichever stream is ahead', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.boolean()), (turns) => {
      const { spans } = mergeConsole(interleave(turns), { home: createTemporaryDir() });

      const studies = spans.filter(({ name }) => name === 'study');
      expect(
        studies.map(({ attributes }) => String(attributes['optuna.study.name'])).toSorted(),
      ).toEqual(['inner', 'last', 'outer']);
      const trials = spans.filter(({ name }) => name === 'trial');
      expect(trials.map(toAddress).toSorted()).toEqual(TRIALS);
    }),
    { numRuns: 50 },
  );
});

test('why a trial failed that raised nothing is said', () => {
  const { spans } = mergeConsole([{ stream: 'stderr', bytes: LINES.stderr.join('') }], {
    home: createTemporaryDir(),
  });

  const failed = spans.filter(({ isError }) => isError);
  expect(failed.map(({ message }) => message)).toEqual(['The value nan is not acceptable.']);
});

/** The lines of both streams, each stream's in their order. */
function interleave(turns: Iterator<boolean>): Chunk[] {
  const left = { stdout: [...LINES.stdout], stderr: [...LINES.stderr] };
  const chunks: Chunk[] = [];
  while (left.stdout.length + left.stderr.length > 0) {
    const stream = turns.next().value === true ? 'stdout' : 'stderr';
    const bytes = left[stream].shift();
    if (bytes !== undefined) chunks.push({ stream, bytes });
  }
  return chunks;
}

function toAddress({ attributes }: { attributes: Record<string, unknown> }): string {
  return `${String(attributes['optuna.study.name'])} ${String(attributes['optuna.trial.number'])}`;
}

test('a trial whose line comes when later studies have begun is of the one that had begun in its time', () => {
  const begin = (second: string, name: string): string =>
    `[I 2026-11-23 01:33:${second},000] A new study created in memory with name: ${name}\n`;
  const end = (second: string, number: number): string =>
    `[I 2026-11-23 01:33:${second},000] Trial ${number} finished with value: ${second}.0 and parameters: {'x': 1.0}. Best is trial 0 with value: ${second}.0.\n`;
  const { spans } = mergeConsole(
    [
      // With a progress bar Optuna prints its lines to stdout, which Python keeps in a buffer.
      { stream: 'stderr', bytes: begin('41', 'first') + begin('45', 'second') + end('46', 0) },
      {
        stream: 'stdout',
        bytes: end('42', 0) + end('43', 1).replace('value: 43.0.', 'value: 42.0.'),
      },
    ],
    { home: createTemporaryDir() },
  );

  const trials = spans.filter(({ name }) => name === 'trial');
  expect(trials.map(toAddress).toSorted()).toEqual(['first 0', 'first 1', 'second 0']);
});
