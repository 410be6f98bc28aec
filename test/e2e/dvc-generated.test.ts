import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { runIn } from '../support/mlops-project.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const test = testWith('dvc');

interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly keepGoing: boolean;
  /** The stage whose source changes before the second run. */
  readonly changed: number;
}

interface PlannedStage {
  readonly name: string;
  /** Stages that it needs, all before it. */
  readonly needs: readonly number[];
  readonly commandCount: number;
  /** The code that its last command ends with in the first run. */
  readonly exitCode: number;
  readonly printsWithoutNewline: boolean;
}

const NAMES = [
  'prepare',
  'train model',
  'évaluer',
  '训练',
  'a-b_c',
  'x',
  'deploy 2',
  'Ünïcode größe',
  'long name of a stage',
];

const plans: fc.Arbitrary<Plan> = fc
  .record({
    names: fc.shuffledSubarray(NAMES, { minLength: 2, maxLength: 6 }),
    needs: fc.array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 6, maxLength: 6 }),
    commandCounts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }),
    failing: fc.option(fc.record({ stage: fc.nat(), code: fc.integer({ min: 1, max: 120 }) }), {
      freq: 3,
    }),
    printsWithoutNewline: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    keepGoing: fc.boolean(),
    changed: fc.nat(),
  })
  .map(({ names, needs, commandCounts, failing, printsWithoutNewline, keepGoing, changed }) => ({
    stages: names.map((name, index) => ({
      name,
      needs: index === 0 ? [] : [...new Set(needs[index]!.map((each) => each % index))],
      commandCount: commandCounts[index]!,
      exitCode: failing !== null && failing.stage % names.length === index ? failing.code : 0,
      printsWithoutNewline: printsWithoutNewline[index]!,
    })),
    keepGoing,
    changed: changed % names.length,
  }));

test(
  'of generated projects, the spans agree with dvc.lock and with what the commands themselves noted',
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const project = createTemporaryDir('stagelight-dvc-');
        writeProject(project, plan);
        await runIn(project, ['dvc', 'init', '--no-scm', '-q']);
        const flags = plan.keepGoing ? ['--keep-going'] : [];
        await runAndCompare(project, plan, flags);
        writeProject(project, {
          ...plan,
          stages: plan.stages.map((stage) => ({ ...stage, exitCode: 0 })),
        });
        appendFileSync(join(project, 'src', `${plan.changed}.txt`), 'changed\n');
        await runAndCompare(project, plan, flags);
        await runAndCompare(project, plan, flags);
        expect(readRun(project).info.counts?.stages).toEqual({ skip: plan.stages.length });
      }),
      { numRuns: 6, seed: 20_261_123, endOnFailure: true },
    );
  },
);

async function runAndCompare(project: string, plan: Plan, flags: readonly string[]): Promise<void> {
  writeFileSync(join(project, 'noted.txt'), '');
  const result = await stagelight(project, ['run', '-q', '--', 'dvc', 'repro', ...flags]);
  const run = readRun(project);
  expect(run.info.exitCode).toBe(result.exitCode);
  const noted = readFileSync(join(project, 'noted.txt'), 'utf8').split('\n').slice(0, -1);
  const spans = findStages(run);
  const ran = spans.filter(({ outcome }) => outcome === 'ran' || outcome === 'failed');
  // A stage's commands each note its name, up to the one that failed.
  expect(ran.map(({ name }) => name)).toEqual(
    noted.filter((name, index) => noted.indexOf(name) === index),
  );
  const failed = plan.stages.filter(
    ({ name, exitCode }) => exitCode !== 0 && noted.includes(name) && result.exitCode !== 0,
  );
  expect(spans.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)).toEqual(
    failed.map(({ name }) => name),
  );
  expectAsLocked(project, spans);
}

interface StageSpan {
  readonly name: string;
  readonly outcome: unknown;
  readonly command: unknown;
  readonly outs: unknown;
}

function findStages(run: RecordedRun): StageSpan[] {
  return run.spans
    .filter(({ attributes }) => attributes['dvc.stage.addressing'] !== undefined)
    .map(({ attributes }) => ({
      name: String(attributes['dvc.stage.addressing']),
      outcome: attributes['dvc.stage.outcome'],
      command: attributes['dvc.stage.cmd'],
      outs: attributes['dvc.outs'],
    }));
}

function expectAsLocked(project: string, spans: readonly StageSpan[]): void {
  const path = join(project, 'dvc.lock');
  if (!existsSync(path)) return;
  const lock = parse(readFileSync(path, 'utf8')) as {
    stages: Record<
      string,
      { cmd: string | string[]; outs: { path: string; md5: string; size: number }[] }
    >;
  };
  for (const { name, outcome, command, outs } of spans) {
    if (outcome === 'failed' || outcome === 'blocked') continue;
    const locked = lock.stages[name];
    expect(locked, `${name} (${String(outcome)}) is locked`).toBeDefined();
    expect(command).toBe([locked!.cmd].flat().join('\n'));
    expect(outs).toEqual(locked!.outs.map(({ path: out, md5, size }) => `${out} ${md5} ${size}`));
  }
}

function writeProject(project: string, plan: Plan): void {
  mkdirSync(join(project, 'src'), { recursive: true });
  plan.stages.forEach((_stage, index) => {
    const source = join(project, 'src', `${index}.txt`);
    if (!existsSync(source)) writeFileSync(source, `source ${index}\n`);
  });
  const stages = Object.fromEntries(
    plan.stages.map((stage, index) => [stage.name, toDvcStage(stage, index)]),
  );
  writeFileSync(join(project, 'dvc.yaml'), stringify({ stages }));
}

function toDvcStage(stage: PlannedStage, index: number): object {
  const { name, needs, commandCount, exitCode, printsWithoutNewline } = stage;
  const note = `printf '%s\\n' '${name}' >> noted.txt`;
  const say = printsWithoutNewline ? `printf 'no newline here'` : `echo "hello from ${index}"`;
  const inputs = [`src/${index}.txt`, ...needs.map((each) => `out/${each}.txt`)];
  const work = `mkdir -p out && cat ${inputs.join(' ')} > out/${index}.txt`;
  const last =
    exitCode === 0 ? `${note} && ${work} && ${say}` : `${note} && ${say} && exit ${exitCode}`;
  const commands = [...Array.from({ length: commandCount - 1 }, () => `${note} && ${say}`), last];
  return {
    cmd: commands.length === 1 ? commands[0] : commands,
    deps: inputs,
    outs: [`out/${index}.txt`],
  };
}
