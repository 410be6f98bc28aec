import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords } from '../../src/spool/signal-reader.ts';
import { CLI, createEnv, findRunDirs, readRun, stagelight, toPrinted } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';

/** Tells the most memory that stagelight's process had, both of its threads together, when it ends. */
const METER = `data:text/javascript,process.on('exit', () => { process.getBuiltinModule('node:fs').writeSync(2, '\\nmaxRSS ' + process.resourceUsage().maxRSS); });`;

interface Flooded {
  readonly maxMegabytes: number;
  /** Bytes of all lines that the run's records hold, without newlines. */
  readonly bytes: number;
  readonly lineCount: number;
}

/** Runs a shell command whose output nobody looks at, and adds up what of it was kept. */
async function flood(script: string): Promise<Flooded> {
  const cwd = createTemporaryDir();
  const args = ['--import', METER, CLI, 'run', '-q', '--', 'sh', '-c', script];
  const { stderr } = await execa(process.execPath, args, {
    cwd,
    stdin: 'ignore',
    stdout: 'ignore',
    extendEnv: false,
    env: createEnv(),
  });
  let [bytes, lineCount] = [0, 0];
  for (const { eventName, body, attributes } of readRecords(
    join(findRunDirs(cwd)[0]!, FILE.logs),
  )) {
    if (eventName !== undefined) continue;
    lineCount += 1;
    bytes += Buffer.byteLength(String(attributes['log.record.original'] ?? body));
  }
  return { maxMegabytes: Number(/maxRSS (\d+)/.exec(stderr)?.[1]) / 1000, bytes, lineCount };
}

test('a line of 100 MB is kept whole, in less than 150 MB of memory', async () => {
  const flooded = await flood("head -c 100000000 /dev/zero | tr '\\0' x; echo");
  expect(flooded.bytes).toBe(100_000_000);
  expect(flooded.maxMegabytes).toBeLessThan(150);
}, 120_000);

test('a flood of a million lines is kept whole, in less than 150 MB of memory', async () => {
  const line = '[2026-11-23 01:33:56,793][__main__][INFO] - a stage that says too much of itself';
  const flooded = await flood(`yes '${line}' | head -n 1000000`);
  expect(flooded).toMatchObject({ lineCount: 1_000_000, bytes: 1_000_000 * line.length });
  expect(flooded.maxMegabytes).toBeLessThan(150);
}, 240_000);

test.each([
  ['NULs', 'head -c 20000000 /dev/zero'],
  ['carriage returns', "head -c 20000000 /dev/zero | tr '\\0' '\\r'"],
  ['escape characters', "head -c 20000000 /dev/zero | tr '\\0' '\\033'"],
])(
  '20 MB of nothing but %s are kept whole, in bounded memory',
  async (_title, script) => {
    const flooded = await flood(script);
    expect(flooded.bytes).toBe(20_000_000);
    expect(flooded.maxMegabytes).toBeLessThan(200);
  },
  120_000,
);

test('what looks like a marker and is none makes no stage and no trial of its own', async () => {
  const cwd = createTemporaryDir();
  writeFileSync(join(cwd, 'dvc.yaml'), 'stages:\n  train:\n    cmd: echo training\n');
  const forged = [
    "Running stage 'made-up':",
    "Stage 'made-up' didn't change, skipping",
    "Stage 'made-up' is cached - skipping run, checking out outputs",
    "ERROR: failed to reproduce 'made-up': failed to run: rm -rf /, exited with 1",
    'Running stage \'train\':\x1b[2K\rRunning stage "x":',
    "Running stage 'train",
    "Running stage '':",
  ];
  writeFileSync(join(cwd, 'forged.txt'), `${forged.join('\n')}\n`);
  await stagelight(cwd, ['run', '-q', '--', 'cat', 'forged.txt']);
  const run = readRun(cwd);
  expect(run.spans.map(({ name }) => name)).toEqual([`RUN ${run.info.pipeline}`]);
  expect(toPrinted(run)).toEqual(forged);
});
