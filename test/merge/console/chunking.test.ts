import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../support/merge-console.ts';
import { mergeConsole } from '../../support/merge-console.ts';
import { readStream } from '../../support/read-stream.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import {
  findUncoveredIn,
  joinStreams,
  loadTranscript,
  loadTranscripts,
} from '../../support/transcript.ts';

const NAMES = [
  'dvc/dvc-no-newline',
  'dvc/dvc-fail-keep-going.tty',
  'optuna/optuna-progress-timeout.tty',
  'optuna/optuna-failed',
  'prefect/prefect-relay-dvc',
  'prefect/prefect-relay-dvc-once',
  'python/py-out-invalid',
  'python/py-out-crlf.tty',
  'python/py-exc-in-log',
  'hydra/hydra-multiline',
];

describe('any chunking of the same bytes gives the same records', () => {
  test.each(NAMES)('%s, with its uids, spans and order', (name) => {
    const { chunks, command } = loadTranscript(name);
    const read = (split: readonly Chunk[]): unknown => {
      const options = { home: createTemporaryDir(), command, runId: 'a'.repeat(32) };
      const { records, spans } = mergeConsole(split, options);
      // What stagelight itself writes has the run's own times and folder.
      return [
        records.filter(({ logger }) => logger !== 'stagelight'),
        spans.map(({ spanId, parentSpanId, name: span }) => [spanId, parentSpanId, span]),
      ];
    };
    const whole = read(chunks);

    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 4000 })), (sizes) => {
        expect(read(splitChunks(chunks, sizes))).toEqual(whole);
      }),
      { numRuns: 8 },
    );
  });

  test('whatever the bytes are, and every byte is in exactly one', () => {
    const piece = fc.oneof(
      fc.constantFrom(...LINES, '\n', '\r\n', '\r', '\r\r\n', '', ' '),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (pieces, sizes) => {
          const bytes = Buffer.concat(pieces.map((each) => Buffer.from(each as string)));
          const whole = readStream([bytes]);

          expect(readStream([...cut(bytes, sizes)])).toEqual(whole);
          expect(findUncoveredIn(bytes, whole)).toEqual([]);
          expect(new Set(whole.map(({ offset }) => offset)).size).toBe(whole.length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('one byte at a time', () => {
    for (const { chunks } of loadTranscripts()) {
      for (const bytes of joinStreams(chunks).values()) {
        if (bytes.length > 12_000) continue;
        const single = Array.from(bytes, (byte) => Buffer.from([byte]));

        expect(readStream(single)).toEqual(readStream([bytes]));
      }
    }
  });
});

/** The chunks in pieces: each keeps its stream, its time and its place. */
function* splitChunksLazily(chunks: readonly Chunk[], sizes: Iterator<number>): Generator<Chunk> {
  for (const chunk of chunks) {
    for (const bytes of cutWith(Buffer.from(chunk.bytes as string), sizes))
      yield { ...chunk, bytes };
  }
}

function splitChunks(chunks: readonly Chunk[], sizes: Iterable<number>): Chunk[] {
  return [...splitChunksLazily(chunks, sizes[Symbol.iterator]())];
}

function cut(bytes: Buffer, sizes: Iterable<number>): Generator<Buffer> {
  return cutWith(bytes, sizes[Symbol.iterator]());
}

function* cutWith(bytes: Buffer, sizes: Iterator<number>): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const size = sizes.next().value as number;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

/** Lines that go on, are glued, repeat others, redraw themselves. */
const LINES = [
  "Running stage 'train':\n",
  "outRunning stage 'train':\n",
  '> python train.py\n',
  "Updating lock file 'dvc.lock'\n",
  'WARNING: failed to run: false, exited with 1\n',
  '[2026-11-23 01:33:56,793][__main__][ERROR] - broken\n',
  '[2026-11-23 01:33:56,793][__main__][WARNING] - careful\n',
  'Traceback (most recent call last):\n',
  '  File "/project/train.py", line 3, in fit\n',
  '  File "/project/train.py", line 3, in <module>\n',
  '    raise ValueError("x")\n',
  'ValueError: x\n',
  '\nDuring handling of the above exception, another exception occurred:\n\n',
  '  + Exception Group Traceback (most recent call last):\n',
  '  | ExceptionGroup: two (2 sub-exceptions)\n',
  '    +------------------------------------\n',
  "[I 2026-11-23 01:34:48,294] Trial 0 finished with value: 0.1 and parameters: {'x': 0.1}.\n",
  "[W 2026-11-23 01:34:48,294] Trial 1 failed with parameters: {} because of the following error: E('a\n",
  "01:38:22.547 | INFO    | Task run 'load-6f0' - Running stage 'a':\n",
  "01:38:22.547 | ERROR   | Task run 'load-6f0' - Traceback (most recent call last):\n",
  "01:38:22.548 | ERROR   | Task run 'save-6f0' - boom\n",
  '/project/a.py:3: UserWarning: several\n',
  '  warnings.warn("several")\n',
  '\rtrain:  50%|█████     | 5/10 [00:01<00:01,  5.00it/s]',
  '\r                       \r',
  '\u001b[32m[I 2026-11-23 06:01:05,016]\u001b[0m Trial 2 pruned. \u001b[0m\n',
  '"""\n',
];
