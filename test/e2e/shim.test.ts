import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { toStageSpanId } from '../../src/model/ids.ts';
import type { InboxEntry } from '../../src/model/inbox.ts';
import { findProgram } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const SHIM = fileURLToPath(new URL('../../shim', import.meta.url));
const RUN_ID = 'a'.repeat(32);
const OUTER = 'b'.repeat(16);

interface ShimOptions {
  /** The name that the shim is called by, and the user's own shell. */
  readonly name?: string;
  readonly shell?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Runs a command through the shim as DVC does; gives how it ended and what was told. */
async function runShim(command: string, options: ShimOptions = {}) {
  const { name = 'bash', shell = '/bin/bash', env = {}, input = '' } = options;
  const runDir = createTemporaryDir();
  for (const folder of ['inbox', 'claims']) mkdirSync(join(runDir, folder));
  const flags = name === 'bash' ? ['--noprofile', '--norc'] : [];
  const path = join(SHIM, name);
  const ended = await execa(path, [...flags, '-c', command], {
    extendEnv: false,
    env: {
      PATH: process.env['PATH'],
      SHELL: path,
      DVC_STAGE: 'train@a "b"',
      STAGELIGHT_SHELL: shell,
      STAGELIGHT_RUN_DIR: runDir,
      STAGELIGHT_RUN_ID: RUN_ID,
      TRACEPARENT: `00-${RUN_ID}-${OUTER}-01`,
      ...env,
    },
    input,
    reject: false,
  });
  const inbox = join(runDir, 'inbox');
  const entries = readdirSync(inbox)
    .flatMap((file) => readFileSync(join(inbox, file), 'utf8').trim().split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as InboxEntry);
  return { ended, entries, runDir };
}

function findEnd(entries: readonly InboxEntry[]) {
  return entries.find((entry) => entry.type === 'span-end');
}

/** A PATH with all of the programs that it has, but one. */
function hidePath(hidden: string): string {
  const folder = createTemporaryDir();
  for (const name of ['bash', 'sh', 'date', 'sha256sum', 'cat', 'kill'])
    if (name !== hidden) symlinkSync(findProgram(name) ?? `/bin/${name}`, join(folder, name));
  return folder;
}

describe('a command that DVC runs with the shim', () => {
  test('is a span below its stage, whose execution is numbered', async () => {
    const { ended, entries } = await runShim('echo "$TRACEPARENT"; exit 3');

    const stage = toStageSpanId(RUN_ID, 'train@a "b"', 1);
    expect(ended.exitCode).toBe(3);
    expect(ended.stdout).toBe(`00-${RUN_ID}-${stage}-01`);
    expect(entries).toMatchObject([
      { type: 'dvc-stage', phase: 'start', stage: 'train@a "b"', span: stage, parent: OUTER },
      {
        type: 'span-start',
        kind: 'command',
        parent: stage,
        attributes: { 'process.command_line': 'echo "$TRACEPARENT"; exit 3' },
      },
      { type: 'span-end', status: 'error', errorType: '3' },
      { type: 'dvc-stage', phase: 'end', span: stage, exitCode: 3 },
    ]);
  });

  test("lies in the stage's span that DVC's own process has told of", async () => {
    const span = 'c'.repeat(16);
    const { ended, entries, runDir } = await runShim('echo "$TRACEPARENT"', {
      env: {
        TRACEPARENT: `00-${RUN_ID}-${span}-01`,
        STAGELIGHT_STAGE: `${process.pid}:train@a "b"`,
      },
    });

    expect(ended.stdout).toBe(`00-${RUN_ID}-${span}-01`);
    expect(entries.map(({ type }) => type)).toEqual(['span-start', 'span-end']);
    expect(readdirSync(join(runDir, 'claims'))).toEqual([]);
  });

  test.each(['TERM', 'INT', 'SEGV', 'KILL'])('ends by SIG%s as without', async (signal) => {
    const { ended, entries } = await runShim(`kill -${signal} $$`);

    expect(ended.signal).toBe(`SIG${signal}`);
    expect(findEnd(entries)).toMatchObject({ errorType: `SIG${signal}` });
  });

  test('may exit with what looks like a signal', async () => {
    const { ended } = await runShim('exit 143');

    expect([ended.exitCode, ended.signal]).toEqual([143, undefined]);
  });

  test('reads its standard input, and sees the shell that the user has', async () => {
    const read = await runShim('read -r line; echo "$line from $0 for $SHELL"', { input: 'x\n' });
    expect(read.ended.stdout).toBe('x from /bin/bash for /bin/bash');

    const unset = await runShim('echo "$0 ${SHELL-none}"', { name: 'sh', shell: '' });
    expect(unset.ended.stdout).toBe('/bin/sh none');
  });

  test('is told with all that may be in it', async () => {
    const command = `: "tab\there" 'back\\slash' \u0007bell\n: "second line", ünïcode`;
    const { entries } = await runShim(command);

    const start = entries.find((entry) => entry.type === 'span-start');
    expect(start?.attributes?.['process.command_line']).toBe(command.replace('\u0007', ' '));
  });

  test('adds its stage to the tags of MLflow runs', async () => {
    const { ended } = await runShim('echo "$MLFLOW_RUN_CONTEXT"', {
      env: { MLFLOW_RUN_CONTEXT: '{"team":"a","stagelight.stage":"outer"}' },
    });

    expect(JSON.parse(ended.stdout)).toEqual({ team: 'a', 'stagelight.stage': 'train@a "b"' });
  });

  test('runs where there is no perl, too', async () => {
    const env = { PATH: hidePath('perl') };
    expect((await runShim('exit 3', { env })).ended.exitCode).toBe(3);
    const killed = await runShim('kill -TERM $$', { env });

    expect(killed.ended.signal).toBe('SIGTERM');
    expect(findEnd(killed.entries)).toMatchObject({ errorType: 'SIGTERM' });
  });

  test('says how much it took', async () => {
    if (findProgram('perl') === undefined || process.platform !== 'linux') return;
    const { entries } = await runShim(`${process.execPath} -e 'Buffer.alloc(8e7, 1)'`);
    const { attributes } = findEnd(entries)!;

    expect(attributes?.['mlops.process.memory.peak_bytes']).toBeGreaterThan(8e7);
    expect(attributes?.['mlops.process.cpu.user_seconds']).toBeGreaterThan(0);
  });
});

describe('the shim is not there', () => {
  test('for what is no command of a stage', async () => {
    const { ended, entries } = await runShim('echo "$SHELL"', { env: { DVC_STAGE: '' } });

    expect(ended.stdout).toBe('/bin/bash');
    expect(entries).toEqual([]);
  });

  test('when the run has ended', async () => {
    const runDir = createTemporaryDir();
    rmSync(runDir, { recursive: true });
    const { ended } = await runShim('echo ok', { env: { STAGELIGHT_RUN_DIR: runDir } });

    expect(ended.stdout).toBe('ok');
    expect(existsSync(runDir)).toBe(false);
  });
});

test('several commands of one execution have one number, another execution another one', async () => {
  const runDir = createTemporaryDir();
  for (const folder of ['inbox', 'claims']) mkdirSync(join(runDir, folder));
  const shim = `${join(SHIM, 'sh')} -c 'echo $TRACEPARENT'\n`;
  // Each `sh` is the process that DVC would be.
  const [twice, once] = [join(runDir, 'twice'), join(runDir, 'once')];
  writeFileSync(twice, `${shim}${shim}:\n`);
  writeFileSync(once, `${shim}:\n`);
  const { stdout } = await execa('sh', ['-c', `sh ${twice}; sh ${once}; :`], {
    extendEnv: false,
    env: {
      PATH: process.env['PATH'],
      DVC_STAGE: 'train',
      STAGELIGHT_SHELL: '/bin/sh',
      STAGELIGHT_RUN_DIR: runDir,
      STAGELIGHT_RUN_ID: RUN_ID,
      TRACEPARENT: `00-${RUN_ID}-${OUTER}-01`,
    },
  });
  const spans = stdout.split('\n').map((line) => line.split('-')[2]);
  const [first, second] = [1, 2].map((number) => toStageSpanId(RUN_ID, 'train', number));
  expect(spans).toEqual([first, first, second]);
});
