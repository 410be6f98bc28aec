import { expect, test } from 'vitest';
import type { HookEntry } from '../../src/model/inbox.ts';
import { DEFAULT_TIME_MS, mergeConsole } from '../support/merge-console.ts';
import { createTemporaryDir } from '../support/temporary.ts';

// As DVC 3.67.1 prints it, of workers that it has started.
const FOLLOWED = `Following logs for all queued experiments. Use Ctrl+C to stop following logs (experiment execution will continue).

Reproducing experiment 'macho-milo'
Stage 'a' didn't change, skipping
Running stage 'e':
> sh s.sh e
[I 2026-11-23 01:33:56,100] Trial 0 finished with value: 1.0 and parameters: {}. Best is trial 0 with value: 1.0.
2026-11-23 01:33:56,200 - e - WARNING - slow
Updating lock file 'dvc.lock'
`;
const HOOK: HookEntry = {
  type: 'hook',
  time: `${DEFAULT_TIME_MS}000000`,
  pid: 7,
  console: 'test',
  stdout: true,
  stderr: true,
};

function merge(command: readonly string[], hooks: readonly HookEntry[]) {
  const chunks = [{ stream: 'stdout' as const, bytes: FOLLOWED }];
  const merged = mergeConsole(chunks, {
    home: createTemporaryDir(),
    command,
    inboxes: { dvc: hooks },
  });
  const lines = merged.records.filter(({ eventName }) => eventName === undefined);
  expect(lines).toHaveLength(FOLLOWED.trimEnd().split('\n').length);
  expect(
    lines
      .filter(({ severityText }) => severityText)
      .map(({ severityText, body }) => [severityText, body]),
  ).toEqual([
    ['I', expect.stringMatching(/^Trial 0 finished/)],
    ['WARNING', 'slow'],
  ]);
  return merged.spans.map(({ name }) => name).filter((name) => !name.startsWith('RUN '));
}

test.each([
  ['dvc', 'exp', 'run', '--run-all', '-j', '2'],
  ['dvc', 'queue', 'logs', '-f', 'macho-milo'],
  ['sh', '-c', 'dvc exp run --run-all'],
])('what %s %s %s shows of other runs is no stage of this one', (...command) => {
  expect(merge(command, [HOOK])).toEqual([]);
});

test('without the hook nobody else tells of the stages of dvc exp run --run-all', () => {
  expect(merge(['dvc', 'exp', 'run', '--run-all'], [])).toEqual(['a', 'trial', 'study', 'e']);
});
