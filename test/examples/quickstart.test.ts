import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnv, readRun } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/quickstart', import.meta.url));
const STAGES = ['ingest', 'clean', 'split', 'search', 'evaluate'];

async function start(
  home: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; run: RecordedRun; durationMs: number }> {
  const startMs = performance.now();
  const { stdout, stderr } = await execa(process.execPath, args, {
    cwd: EXAMPLE,
    stdin: 'ignore',
    extendEnv: false,
    env: createEnv({ STAGELIGHT_DIR: join(home, '.stagelight') }),
  });
  return { stdout, stderr, run: readRun(home), durationMs: performance.now() - startMs };
}

/** What doesn't differ from run to run, as times and bars do. */
function toWords(text: string): string[] {
  return text
    .replaceAll(/\d+ ms|[▐█▌·]/g, '')
    .split(/\s+/)
    .filter((word) => word !== '');
}

describe('the quickstart', () => {
  let demo: Awaited<ReturnType<typeof start>>;
  const home = mkdtempSync(join(tmpdir(), 'stagelight-quickstart-'));
  beforeAll(async () => {
    demo = await start(home, ['demo.mjs']);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('records its stages, in order, in one trace', () => {
    const { run } = demo;
    const stages = run.spans.filter(({ attributes }) => 'cicd.pipeline.task.name' in attributes);
    expect(stages.map(({ name }) => name)).toEqual(STAGES);
    expect(new Set(run.spans.map(({ traceId }) => traceId))).toEqual(new Set([run.info.runId]));
    const inner = run.spans.find(({ name }) => name === 'RUN penguins')!;
    expect(new Set(stages.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set([inner.spanId]),
    );
    expect(run.info).toMatchObject({
      result: 'success',
      counts: { stages: { success: 5 }, trials: 32 },
    });
  });

  it('records the search with its trials, and finds settings that hold on unseen penguins', () => {
    const { run } = demo;
    const trials = run.spans.filter(({ name }) => name === 'trial');
    const states = trials.map(({ attributes }) => attributes['optuna.trial.state']);
    expect(trials).toHaveLength(32);
    expect(new Set(states)).toEqual(new Set(['COMPLETE', 'PRUNED']));
    const [found] = run.spans.filter(({ name }) => name === 'study');
    const best = trials.find(
      ({ attributes }) =>
        attributes['optuna.trial.number'] === found?.attributes['optuna.study.best_trial'],
    );
    expect(best?.attributes['optuna.trial.value']).toBeGreaterThan(0.97);
    expect(
      run.spans.find(({ name }) => name === 'evaluate')?.attributes['accuracy'],
    ).toBeGreaterThan(0.95);
  });

  it('has what it logs and prints in the stage that it is from', () => {
    const { lines } = demo.run;
    const clean = lines.filter(({ logger }) => logger === 'app.clean');
    expect(clean).toHaveLength(2);
    expect(clean[0]).toMatchObject({
      severityText: 'WARN',
      attributes: { 'cicd.pipeline.task.name': 'clean', species: 'Adelie' },
    });
    expect(lines.filter(({ logger }) => logger === 'console').map(({ body }) => body)).toContain(
      'clean: 342 of 344 penguins are complete',
    );
  });

  it('is shown, as the README has it', () => {
    const readme = readFileSync(join(EXAMPLE, 'README.md'), 'utf8');
    const shown = /```\n(✔[\s\S]*?)```/.exec(readme)![1]!;
    const printed = new Set(toWords(demo.stdout));
    expect(toWords(shown).filter((word) => !printed.has(word))).toEqual([]);
    expect(demo.durationMs).toBeLessThan(15_000);
  });

  it('makes a run of its own without the command', async () => {
    const { run } = await start(createTemporaryDir(), ['dist/pipeline.js']);
    expect(run.info).toMatchObject({ pipeline: 'penguins', state: 'finished', result: 'success' });
    expect(run.spans.map(({ name }) => name).filter((name) => STAGES.includes(name))).toEqual(
      STAGES,
    );
  });

  it('consists of short files', () => {
    for (const name of readdirSync(join(EXAMPLE, 'src'))) {
      const text = readFileSync(join(EXAMPLE, 'src', name), 'utf8');
      expect(text.split('\n').length, name).toBeLessThanOrEqual(60);
    }
  });
});
