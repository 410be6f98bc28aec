import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STATUSES } from '../../src/view/run-status.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { callMain } from './support/call-main.ts';
import { makeRun } from './support/make-run.ts';

const TEXT = readFileSync(new URL('../../docs/reading-runs.md', import.meta.url), 'utf8');

/** Maps whose keys are names of the pipeline's own. */
const FREE_MAPS = new Set(['params', 'attributes', 'states', 'stages']);

function* listKeys(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* listKeys(item);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, item] of Object.entries(value)) {
    yield key;
    if (!FREE_MAPS.has(key)) yield* listKeys(item);
  }
}

/** Two runs with all that there is to tell of one. */
function makeProject(): string {
  const cwd = createTemporaryDir();
  const home = join(cwd, '.stagelight');
  for (const [index, lr] of [0.1, 0.2].entries()) {
    makeRun({
      home,
      startMs: index * 60_000,
      git: {
        branch: 'main',
        tag: 'v1',
        revision: 'a'.repeat(40),
        remote: 'x',
        isDirty: true,
        diffSha256: 'b',
      },
      result: index === 0 ? 'success' : 'failure',
      entries: (run) => [
        ...run.skip('ingest', 0, { 'dvc.stage.produced_by': 'elsewhere' }),
        run.startStage('tune', 0),
        ...run.study('s', { stage: 'tune', fromMs: 0, values: [lr] }),
        run.endStage('tune', 100, {
          attributes: {
            'dvc.stage.outcome': 'ran',
            'dvc.stage.changed': ['cmd'],
            'dvc.stage.cmd': 'python tune.py',
            'dvc.param.lr': lr,
            'dvc.deps': [`a.csv ${'1'.repeat(32)} 5`],
            'hydra.overrides': ['a=b'],
          },
        }),
        run.startStage('train', 100),
        run.metric(150, ['loss', lr], 'train'),
        run.log(160, 'broken', { severity: 17, attributes: { 'exception.stacktrace': 'Trace' } }),
        run.endStage('train', 200, { result: 'failure', errorType: 'E', errorMessage: 'm' }),
      ],
    });
  }
  return cwd;
}

test.each([['ls'], ['show'], ['logs'], ['diff']])(
  'every property of %s --json is described',
  async (command) => {
    const { stdout } = await callMain([command, '--json'], { cwd: makeProject() });
    const documents = command === 'logs' ? stdout.trimEnd().split('\n') : [stdout];
    const keys = new Set(documents.flatMap((document) => [...listKeys(JSON.parse(document))]));
    expect(keys.size).toBeGreaterThan(10);
    for (const key of keys) expect(TEXT).toContain(`\`${key}\``);
  },
);

test('every result and every option is described', async () => {
  for (const status of STATUSES) expect(TEXT).toContain(`\`${status}\``);
  const { stdout } = await callMain(['logs', '--help'], { cwd: '/' });
  for (const [option] of stdout.matchAll(/--[a-z]+/g)) {
    if (option !== '--help') expect(TEXT).toContain(option);
  }
});
