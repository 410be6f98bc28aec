import { expect, test } from 'vitest';
import { summarizeRun } from '../../src/command/summary-line.ts';
import type { RunInfo } from '../../src/model/run-info.ts';
import { stagelight } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { makeRun } from './support/make-run.ts';

function summarize(more: Partial<RunInfo>, env: NodeJS.ProcessEnv = {}): string {
  const { info } = makeRun({ home: createTemporaryDir(), runId: 'ef'.repeat(16), endMs: 17_200 });
  const { stdout, stderr } = process;
  return summarizeRun(
    { ...info, ...more },
    { stdout, stderr, env: { NO_COLOR: '1', ...env }, cwd: '/' },
  );
}

const COUNTS: RunInfo['counts'] = {
  spans: 10,
  records: 138,
  warnings: 5,
  errors: 1,
  stages: { success: 2, skip: 7 },
  trials: 0,
  masked: 1,
  dropped: 0,
  suppressed: 0,
};
const ID = 'ef'.repeat(16);

test('the line has the result, the counts, the run and the command that shows more', () => {
  expect(summarize({ counts: COUNTS })).toBe(
    `stagelight: ✔ success in 17.2 s · 9 stages (2 ran, 7 skipped) · 138 records · 5 warnings · 1 error · 1 secret masked · run ${ID} · more: stagelight show efefefef`,
  );
});

test('stages that all ran need no words, and what was lost is said', () => {
  const counts = { ...COUNTS, stages: { success: 9 }, dropped: 3 };
  const line = summarize({ counts, result: 'failure' });
  expect(line).toContain('✖ failure in 17.2 s · 9 stages · 138 records');
  expect(line).toContain('1 secret masked · 3 lost · run');
});

test('ASCII where the locale has nothing else, colours where they are wanted', () => {
  expect(summarize({}, { LC_ALL: 'C' })).toMatch(/^stagelight: \+ success in 17\.2 s, 0 stages, /);
  expect(summarize({}, { NO_COLOR: '', FORCE_COLOR: '1' })).toContain('\x1b[32m✔\x1b[39m');
});

test('run prints it on stderr, at its end', async () => {
  const { stderr } = await stagelight(createTemporaryDir(), ['run', '--', 'node', '-e', '0']);
  expect(stderr).toMatch(
    /^stagelight: ✔ success in .* · run [0-9a-f]{32} · more: stagelight show [0-9a-f]{8}$/,
  );
});
