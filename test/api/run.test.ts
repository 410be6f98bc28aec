import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRun } from '../support/cli.ts';
import { createProgram, findSpan, recordAlone, runAlone, toBodies } from './program.ts';

describe('run() by itself', () => {
  it('has everything in the files when it resolves, and gives what the function returns', async () => {
    const project = createProgram(`
      const { readdirSync, readFileSync } = await import('node:fs');
      const value = await run('churn', async (span) => {
        span.setAttribute('rows', 12);
        logger.info('hello');
        return 42;
      }, { attributes: { owner: 'me' } });
      const [runId] = readdirSync('.stagelight/runs');
      const info = JSON.parse(readFileSync('.stagelight/runs/' + runId + '/run.json', 'utf8'));
      console.log(value, info.state, info.result);
    `);
    const { stdout, stderr, exitCode } = await runAlone(project);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: '42 finished success',
      stderr: '',
      exitCode: 0,
    });
    const run = readRun(project);
    expect(run.info).toMatchObject({ pipeline: 'churn', result: 'success', state: 'finished' });
    expect(toBodies(run)).toEqual(['hello']);
    expect(findSpan(run, 'RUN churn')).toMatchObject({
      spanId: run.info.rootSpanId,
      attributes: { rows: 12, owner: 'me', 'cicd.pipeline.result': 'success' },
      isError: false,
    });
    expect(existsSync(join(run.runDir, 'inbox'))).toBe(false);
    expect(readFileSync(join(run.runDir, 'run.log'), 'utf8')).toContain('INFO     -: hello');
  });

  it('is a failure when the function throws, with the exception on record, which is thrown on', async () => {
    const run = await recordAlone(`
      class NoData extends Error {}
      try {
        await run('churn', async () => { throw new NoData('nothing there'); });
      } catch (error) {
        console.log(error instanceof NoData);
      }
    `);
    expect(run.end).toMatchObject({ stdout: 'true', exitCode: 0 });
    expect(run.info).toMatchObject({
      state: 'finished',
      result: 'failure',
      errorType: 'NoData',
      firstError: { body: 'NoData: nothing there' },
    });
    const [record] = run.lines;
    expect(record).toMatchObject({
      severity: 17,
      spanId: run.info.rootSpanId,
      attributes: { 'exception.type': 'NoData', 'exception.message': 'nothing there' },
    });
    expect(record?.attributes['exception.stacktrace']).toMatch(
      /^Error: nothing there\n {4}at .*program\.mjs/,
    );
  });

  it('is a cancellation when the function is aborted', async () => {
    const run = await recordAlone(`
      await run('churn', async () => {
        await stage('wait', () => AbortSignal.abort().throwIfAborted());
      }).catch(() => {});
    `);
    expect(run.info.result).toBe('cancellation');
    expect(findSpan(run, 'wait')).toMatchObject({
      isError: false,
      attributes: { 'cicd.pipeline.task.run.result': 'cancellation' },
    });
  });

  it('is a span of the run when it is called inside another', async () => {
    const run = await recordAlone(`
      await run('outer', async () => {
        await run('inner', () => stage('work', () => {}), { attributes: { part: 1 } });
      });
    `);
    expect(findSpan(run, 'RUN inner')).toMatchObject({
      parentSpanId: run.info.rootSpanId,
      attributes: { 'cicd.pipeline.name': 'inner', 'cicd.pipeline.result': 'success', part: 1 },
    });
    expect(findSpan(run, 'work').parentSpanId).toBe(findSpan(run, 'RUN inner').spanId);
  });

  it('makes a run each time when it is called one after the other', async () => {
    const project = createProgram(`
      for (const name of ['first', 'second'])
        await run(name, () => stage('work', () => logger.info(name)));
    `);
    await runAlone(project);
    const runs = [readRun(project, 0), readRun(project, 1)];
    expect(runs.map(({ info }) => info.pipeline).toSorted()).toEqual(['first', 'second']);
    for (const run of runs) {
      expect(toBodies(run)).toEqual([run.info.pipeline]);
      expect(findSpan(run, 'work').traceId).toBe(run.info.runId);
    }
  });

  it('is inside the other one when two are called at the same time', async () => {
    const run = await recordAlone(`
      const value = await Promise.all(['a', 'b', 'c'].map((name) => run(name, () => logger.info(name))));
    `);
    expect(run.info.pipeline).toBe('a');
    expect(run.spans.map(({ name }) => name).toSorted()).toEqual(['RUN a', 'RUN b', 'RUN c']);
    expect(toBodies(run).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('is configured like the command, secrets included', async () => {
    const project = createProgram(`await run('churn', () => logger.info('key zebra-123 used'));`, {
      'stagelight.yaml': [
        'logging:',
        '  format: "%(levelname)s | %(message)s"',
        'secrets:',
        '  rules:',
        '    - name: zebra',
        '      pattern: zebra-[0-9]+',
      ].join('\n'),
    });
    const { stderr } = await runAlone(project);
    expect(stderr).toBe('');
    const run = readRun(project);
    expect(toBodies(run)).toEqual(['key *** used']);
    expect(readFileSync(join(run.runDir, 'run.log'), 'utf8')).toContain('INFO | key *** used');
  });

  it('says where the configuration has a mistake, and runs the function', async () => {
    const project = createProgram(`console.log(await run('churn', () => 7));`, {
      'stagelight.yaml': 'logging:\n  colour: red\n',
    });
    const { stdout, stderr } = await runAlone(project);
    expect(stdout).toBe('7');
    expect(stderr).toMatch(/can't record this run: .*stagelight\.yaml:2/s);
    expect(existsSync(join(project, '.stagelight'))).toBe(false);
  });

  it('ends spans that were left open, and says that it is a guess', async () => {
    const run = await recordAlone(`
      await run('churn', async () => { stage('forgotten', () => new Promise(() => {})); });
    `);
    expect(findSpan(run, 'forgotten').attributes).toMatchObject({
      'cicd.pipeline.task.run.result': 'cancellation',
      'mlops.inferred': ['end_time'],
    });
  });

  it('keeps what a second recorder finds when the first is killed', async () => {
    const run = await recordAlone(`
      const { spawnSync } = await import('node:child_process');
      await run('churn', async () => {
        for (let n = 0; n < 50; n += 1) {
          logger.info('before ' + n);
          await new Promise((done) => setTimeout(done, 5));
        }
        spawnSync('pkill', ['-KILL', '-f', 'record ' + process.cwd()]);
        for (let n = 0; n < 50; n += 1) logger.info('after ' + n);
      });
    `);
    expect(run.info).toMatchObject({ state: 'finished', result: 'success' });
    expect(toBodies(run)).toEqual([
      ...Array.from({ length: 50 }, (_, n) => `before ${n}`),
      ...Array.from({ length: 50 }, (_, n) => `after ${n}`),
    ]);
    const text = readFileSync(join(run.runDir, 'run.log'), 'utf8');
    expect(text.match(/before|after/g)).toHaveLength(100);
  });

  it('runs the function unrecorded, and says so, when no run directory can be made', async () => {
    const project = createProgram(`
      console.log(await run('churn', () => stage('work', () => { logger.info('x'); return 7; })));
    `);
    const { stdout, stderr, exitCode } = await runAlone(project, {
      STAGELIGHT_DIR: '/dev/null/nowhere',
    });
    expect({ stdout, exitCode }).toEqual({ stdout: '7', exitCode: 0 });
    expect(stderr).toMatch(
      /^stagelight: can't record this run: .*; the program runs all the same$/,
    );
  });
});

describe('without a run', () => {
  it('everything runs, and nothing is recorded or printed', async () => {
    const project = createProgram(`
      logger.info('x');
      metric('loss', 1, 2);
      const best = await study('s', {}, async (search) => {
        await search.trial({ k: 1 }, (trial) => { trial.report(1, 0); return 3; });
        await search.trial({ k: 2 }, (trial) => trial.prune());
        return search.best;
      });
      console.log(await stage('work', (span) => span.isRecording()), best.value);
      console.log(childEnvironment().STAGELIGHT_RUN_DIR);
    `);
    const { stdout, stderr } = await runAlone(project);
    expect({ stdout, stderr }).toEqual({ stdout: 'false 3\nundefined', stderr: '' });
    expect(existsSync(join(project, '.stagelight'))).toBe(false);
  });

  it("the spans and records are the program's own provider's, where it has one", async () => {
    const project = createProgram(`
      const { NodeTracerProvider, SimpleSpanProcessor, InMemorySpanExporter } = await import('@opentelemetry/sdk-trace-node');
      const exporter = new InMemorySpanExporter();
      new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
      await stage('work', () => { throw new Error('no'); }).catch(() => {});
      const [span] = exporter.getFinishedSpans();
      console.log(span.name, span.status.code, span.status.message);
    `);
    expect((await runAlone(project)).stdout).toBe('work 2 no');
  });

  it('a run that is over isn’t joined', async () => {
    const project = createProgram(`
      if (process.argv[2] === undefined) {
        let env;
        await run('first', () => { env = childEnvironment(); });
        const { spawnSync } = await import('node:child_process');
        spawnSync(process.execPath, ['program.mjs', 'again'], { env, stdio: 'inherit' });
      } else {
        await stage('late', () => logger.info('late'));
        console.log('done');
      }
    `);
    const { stdout, stderr } = await runAlone(project);
    expect({ stdout, stderr }).toEqual({ stdout: 'done', stderr: '' });
    expect(readRun(project).spans.map(({ name }) => name)).toEqual(['RUN first']);
  });
});
