import { expect, test } from 'vitest';
import { mergeConsole } from '../support/merge-console.ts';
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
