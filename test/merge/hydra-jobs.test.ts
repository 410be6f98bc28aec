import { expect, test } from 'vitest';
import { toUnixMs } from '../../src/model/time.ts';
import { DEFAULT_TIME_MS, mergeConsole } from '../support/merge-console.ts';
import { createTemporaryDir } from '../support/temporary.ts';

// As Hydra 1.3.8 and its basic launcher print them.
const STDOUT = `[2026-11-23 01:33:56,481][HYDRA] Launching 2 jobs locally
[2026-11-23 01:33:56,483][HYDRA] \t#0 : lr=0.1 model=a
[2026-11-23 01:33:56,773][HYDRA] \t#1 : lr=0.3 model=a
`;
const STDERR = `Error executing job with overrides: ['lr=0.3', 'model=a']
Traceback (most recent call last):
  File "/app.py", line 7, in main
    raise RuntimeError('too high')
RuntimeError: too high

Set the environment variable HYDRA_FULL_ERROR=1 for a complete stack trace.
`;

test('a job that fails is a failure, with its exception', () => {
  const { spans } = mergeConsole(
    [
      { stream: 'stdout', bytes: STDOUT },
      { stream: 'stderr', bytes: STDERR },
    ],
    { home: createTemporaryDir() },
  );

  const jobs = spans.filter(({ name }) => name === 'job');
  expect(jobs.map(({ isError, message }) => [isError, message])).toEqual([
    [false, undefined],
    [true, 'too high'],
  ]);
});

// As Hydra 1.3.8 prints it with hydra-joblib-launcher 1.2.0: all jobs are named before the first begins.
const TOGETHER = `[2026-11-23 01:33:56,481][HYDRA] Joblib.Parallel(n_jobs=2,backend=loky) is launching 3 jobs
[2026-11-23 01:33:56,481][HYDRA] Launching jobs, sweep output dir : multirun/2026-11-23/01-33-56
[2026-11-23 01:33:56,482][HYDRA] \t#0 : lr=0.1 model=a
[2026-11-23 01:33:56,482][HYDRA] \t#1 : lr=0.3 model=a
[2026-11-23 01:33:56,482][HYDRA] \t#2 : lr=0.5 model=a
[2026-11-23 01:33:57,600][app][INFO] - epoch 1
[2026-11-23 01:33:58,700][app][INFO] - epoch 1
`;

test('of jobs that run together no line is taken for one’s own, and none has ended before the last line', () => {
  const { spans, records } = mergeConsole(
    [
      { stream: 'stdout', bytes: TOGETHER, timeMs: DEFAULT_TIME_MS + 500 },
      { stream: 'stderr', bytes: STDERR, timeMs: DEFAULT_TIME_MS + 3000 },
    ],
    { home: createTemporaryDir() },
  );

  const jobs = spans.filter(({ name }) => name === 'job');
  expect(jobs.map(({ isError }) => isError)).toEqual([false, true, false]);
  for (const job of jobs) {
    expect(job.attributes['mlops.inferred']).toEqual(['start_time', 'end_time']);
    expect(toUnixMs(job.end) - DEFAULT_TIME_MS).toBe(3000);
  }
  const run = spans.find(({ parentSpanId }) => parentSpanId === undefined);
  const epochs = records.filter(({ body }) => body === 'epoch 1');
  expect(epochs.map(({ spanId }) => spanId)).toEqual([run?.spanId, run?.spanId]);
});
