import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stagelight, readRun } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';
import {
  createProgram,
  findSpan,
  readEndedRun,
  recordAlone,
  recordJoined,
  runAlone,
  toBodies,
} from './program.ts';

const COUNT = 5000;
const BURST = `for (let n = 0; n < ${COUNT}; n += 1) logger.info('line ' + n);`;
const LINES = Array.from({ length: COUNT }, (_, n) => `line ${n}`);

describe('nothing that was logged is lost', () => {
  it.each(['alone', 'joined'])('in a burst of 100,000 records (%s)', async (how) => {
    const burst = `for (let n = 0; n < 100_000; n += 1) logger.info('line ' + n);`;
    const run =
      how === 'joined'
        ? await recordJoined(burst)
        : await recordAlone(`await run('burst', () => { ${burst} });`);
    expect(toBodies(run)).toEqual(Array.from({ length: 100_000 }, (_, n) => `line ${n}`));
    const uids = new Set(run.records.map(({ attributes }) => attributes['log.record.uid']));
    expect(uids.size).toBe(run.records.length);
    expect(run.info.counts).toMatchObject({ records: run.records.length, dropped: 0 });
    const times = run.lines.map(({ time }) => time![0] * 1e9 + time![1]);
    expect(times.every((time, index) => index === 0 || time >= times[index - 1]!)).toBe(true);
  });

  it('on process.exit in the middle of a stage', async () => {
    const run = await recordAlone(`
      process.on('exit', () => logger.info('in a handler that comes later'));
      await run('churn', () => stage('train', () => { ${BURST} process.exit(3); }));
    `);
    expect(run.end.exitCode).toBe(3);
    expect(toBodies(run)).toEqual([...LINES, 'in a handler that comes later']);
    expect(run.info).toMatchObject({ state: 'finished', result: 'failure', exitCode: 3 });
    expect(findSpan(run, 'train').attributes).toMatchObject({
      'cicd.pipeline.task.run.result': 'failure',
      'error.type': '3',
      'mlops.inferred': ['end_time'],
    });
  });

  it('on process.exit(0), which is no failure', async () => {
    const run = await recordAlone(
      `await run('churn', () => stage('train', () => process.exit()));`,
    );
    expect(run.info).toMatchObject({ state: 'finished', result: 'success', exitCode: 0 });
    expect(findSpan(run, 'train').isError).toBe(false);
  });

  it.each([
    ['an exception that nobody catches', `setTimeout(() => { throw new RangeError('boom'); });`],
    ['a rejection that nobody handles', `void Promise.reject(new RangeError('boom'));`],
  ])('on %s', async (_name, fault) => {
    const run = await recordAlone(`
      await run('churn', () => stage('train', async () => {
        ${BURST}
        ${fault}
        await new Promise(() => setTimeout(() => {}, 60_000));
      }));
    `);
    expect(run.end.exitCode).toBe(1);
    expect(run.end.stderr).toContain('RangeError: boom');
    expect(toBodies(run)).toEqual(LINES);
    expect(run.info).toMatchObject({ result: 'failure', errorType: 'RangeError', exitCode: 1 });
    expect(run.lines.at(-1)).toMatchObject({
      severity: 21,
      severityText: 'FATAL',
      attributes: { 'exception.type': 'RangeError', 'exception.message': 'boom' },
    });
    expect(findSpan(run, 'train')).toMatchObject({ isError: true, message: 'boom' });
  });

  it('on a stage’s exception that ends the program: it is there once with its stack, once as fatal', async () => {
    const run = await recordJoined(
      `await stage('train', () => { throw new RangeError('boom'); });`,
    ).catch((error: unknown) => String(error));
    expect(run).toContain('RangeError: boom'); // Node's own words on stderr
    const project = createProgram(`await stage('train', () => { throw new RangeError('boom'); });`);
    const { exitCode } = await stagelight(project, [
      'run',
      '-q',
      '--',
      process.execPath,
      'program.mjs',
    ]);
    const { lines, info } = readRun(project);
    const own = lines.filter(({ logger }) => logger === 'stagelight');
    expect(
      own.map(({ severity, attributes }) => [severity, 'exception.stacktrace' in attributes]),
    ).toEqual([
      [17, true],
      [21, false],
    ]);
    expect({ exitCode, result: info.result, errorType: info.errorType }).toEqual({
      exitCode: 1,
      result: 'failure',
      errorType: 'RangeError',
    });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'on %s, which the process dies of',
    async (signal) => {
      const project = createProgram(`
      await run('churn', () => stage('train', async () => {
        setTimeout(() => { ${BURST} process.kill(process.pid, '${signal}'); });
        await new Promise(() => setTimeout(() => {}, 60_000));
      }));
    `);
      const end = await runAlone(project);
      expect(end.signal).toBe(signal);
      const run = await readEndedRun(project);
      expect(toBodies(run)).toEqual(LINES);
      expect(run.info).toMatchObject({ state: 'interrupted', result: 'error' });
      expect(findSpan(run, 'train').attributes['error.type']).toBe('interrupted');
    },
  );

  it('on a signal that the program handles itself: the handler decides', async () => {
    const run = await recordAlone(`
      process.once('SIGTERM', () => setTimeout(() => { logger.info('bye'); process.exit(143); }, 50));
      await run('churn', async () => {
        ${BURST}
        process.kill(process.pid, 'SIGTERM');
        await new Promise(() => setTimeout(() => {}, 60_000));
      });
    `);
    expect(run.end.exitCode).toBe(143);
    expect(toBodies(run)).toEqual([...LINES, 'bye']);
    expect(run.info).toMatchObject({ result: 'cancellation', exitCode: 143 });
  });

  it('on a signal that comes in a burst that keeps the event loop from turning: it isn’t forgotten', async () => {
    const project = createProgram(`
      await run('churn', async () => {
        for (let round = 0; round < 10; round += 1) {
          for (let n = 0; n < 20_000; n += 1) logger.info('line ' + n);
          if (round === 3) process.kill(process.pid, 'SIGTERM');
          console.log(round);
        }
        logger.info('the last one');
        await new Promise((done) => setTimeout(done, 5000));
      });
    `);
    const end = await runAlone(project);
    expect(end).toMatchObject({ signal: 'SIGTERM' });
    expect(end.stdout.split('\n')).toHaveLength(10);
    const run = await readEndedRun(project);
    expect(toBodies(run)).toHaveLength(10 * 20_000 + 1);
  });

  it('and a signal that comes when nothing waits ends a program that computes, at once', async () => {
    const project = createProgram(`
      await run('churn', async () => {
        for (let n = 0; n < 20_000; n += 1) logger.info('line ' + n);
        while (process.listenerCount('SIGTERM') > 0) await new Promise((done) => setTimeout(done, 10));
        console.log('computing');
        for (;;);
      });
    `);
    const program = runAlone(project);
    await new Promise((resolve) => program.stdout.once('data', resolve));
    program.kill('SIGTERM');
    expect(await program).toMatchObject({ signal: 'SIGTERM' });
    expect(toBodies(await readEndedRun(project))).toHaveLength(20_000);
  });

  it.each([0, 1, 2])('on SIGKILL, but for the last 200 ms (round %i)', async (round) => {
    const project = createProgram(`
      const { writeSync } = await import('node:fs');
      await run('churn', async () => {
        for (let n = 0; ; n += 1) {
          logger.info('line ' + n);
          if (n % 100 === 0) {
            writeSync(1, n + ' ' + Date.now() + '\\n');
            if (n % 3000 === 0) await new Promise((done) => setTimeout(done, 1));
          }
        }
      });
    `);
    const program = runAlone(project);
    let stdout = '';
    program.stdout.on('data', (text) => (stdout += text));
    await waitFor(() => stdout.length > 2000);
    await sleep(37 * round);
    const killedMs = Date.now();
    program.kill('SIGKILL');
    await program;
    const run = await readEndedRun(project);
    const safe = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
      .findLast(([, ms]) => ms! < killedMs - 200);
    const bodies = toBodies(run);
    expect(bodies.length).toBeGreaterThanOrEqual(safe?.[0] ?? 0);
    expect(bodies).toEqual(bodies.map((_, n) => `line ${n}`));
    expect(run.info).toMatchObject({ state: 'interrupted', errorType: 'interrupted' });
  });

  it('on SIGKILL of a process that logs now and then and computes in between: nothing at all', async () => {
    const project = createProgram(`
      await run('churn', () => stage('train', () => {
        for (let n = 0; n < 20; n += 1) logger.info('line ' + n);
        console.log('computing');
        for (;;);
      }));
    `);
    const program = runAlone(project);
    await new Promise((resolve) => program.stdout.once('data', resolve));
    program.kill('SIGKILL');
    await program;
    expect(toBodies(await readEndedRun(project))).toHaveLength(20);
  });
});

describe('a process that is killed inside a run that goes on', () => {
  it('leaves stages that are told to have been interrupted', async () => {
    const project = createProgram(`
      await stage('train', async (span) => {
        span.setAttribute('rows', 3);
        logger.info('about to die');
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => setTimeout(() => {}, 60_000));
      });
    `);
    await stagelight(project, [
      'run',
      '-q',
      '--',
      'sh',
      '-c',
      `${process.execPath} program.mjs; true`,
    ]);
    const run = readRun(project);
    expect(run.info.result).toBe('success');
    expect(toBodies(run)).toEqual(['about to die']);
    expect(findSpan(run, 'train').attributes).toMatchObject({
      'cicd.pipeline.task.run.result': 'error',
      'error.type': 'interrupted',
      'mlops.inferred': ['end_time'],
    });
  });
});

describe('a disk that takes nothing', () => {
  it('doesn’t reach the program; what was lost is counted and told once', async () => {
    const project = createProgram(`
      const { chmodSync, rmSync, renameSync, readdirSync } = await import('node:fs');
      const inbox = process.env.STAGELIGHT_RUN_DIR + '/inbox';
      renameSync(inbox, inbox + '.away');
      for (let n = 0; n < 3; n += 1) logger.info('line ' + n);
      await new Promise((done) => setTimeout(done, 100));
      renameSync(inbox + '.away', inbox);
      logger.info('line 3');
      await new Promise((done) => setTimeout(done, 700));
      console.log('done');
    `);
    const { stdout, stderr } = await stagelight(project, [
      'run',
      '-q',
      '--',
      process.execPath,
      'program.mjs',
    ]);
    expect(stdout).toBe('done');
    expect(String(stderr).match(/can't record/g)).toHaveLength(1);
    expect(toBodies(readRun(project))).toEqual(['line 0', 'line 1', 'line 2', 'line 3']);
  });

  it('keeps the inbox private', async () => {
    const run = await recordJoined(`
      const { readdirSync, statSync } = await import('node:fs');
      logger.info('x');
      const inbox = process.env.STAGELIGHT_RUN_DIR + '/inbox/';
      for (const name of readdirSync(inbox)) console.log((statSync(inbox + name).mode & 0o777).toString(8));
    `);
    expect(new Set(toBodies(run, 'console'))).toEqual(new Set(['600']));
  });
});

it('the recorder is a session of its own, and gone when the run is written', async () => {
  const run = await recordAlone(`
    const { execFileSync } = await import('node:child_process');
    await run('churn', () => {
      console.log(execFileSync('ps', ['-eo', 'sid=,pid=,args='], { encoding: 'utf8' })
        .split('\\n').find((line) => line.includes('record ' + process.cwd())));
    });
  `);
  const [sid, pid] = run.end.stdout.trim().split(/\s+/);
  expect(sid).toBe(pid);
  const left = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' });
  expect(left).not.toContain(`record ${run.runDir}`);
  expect(readFileSync(join(run.runDir, 'run.json'), 'utf8')).toContain('"finished"');
});
