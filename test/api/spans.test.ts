import { describe, expect, it } from 'vitest';
import { toRootSpanId, toStageSpanId } from '../../src/model/ids.ts';
import { findSpan, recordAlone, recordJoined, toBodies } from './program.ts';

describe('stage()', () => {
  it('is a span of the run that it is called in, with a derived ID, and everything inside lies in it', async () => {
    const run = await recordJoined(`
      const value = await stage('train', async (span) => {
        span.setAttribute('rows', 150);
        await new Promise((done) => setTimeout(done, 5));
        logger.info('inside');
        metric('loss', 0.25, 3);
        return 7;
      }, { attributes: { model: 'knn' } });
      logger.info('outside ' + value);
    `);
    const span = findSpan(run, 'train');
    expect(span).toMatchObject({
      spanId: toStageSpanId(run.info.runId, 'train', 1),
      parentSpanId: toRootSpanId(run.info.runId),
      attributes: {
        'cicd.pipeline.task.name': 'train',
        'cicd.pipeline.task.run.result': 'success',
        model: 'knn',
        rows: 150,
      },
    });
    const inside = run.lines.find(({ body }) => body === 'inside')!;
    expect(inside).toMatchObject({
      spanId: span.spanId,
      attributes: { 'cicd.pipeline.task.name': 'train' },
    });
    expect(run.lines.find(({ body }) => body === 'outside 7')?.spanId).toBe(run.info.rootSpanId);
    expect(run.records.find(({ eventName }) => eventName === 'mlops.metric')).toMatchObject({
      spanId: span.spanId,
      body: 'loss = 0.25',
      attributes: {
        'mlops.metric.name': 'loss',
        'mlops.metric.value': 0.25,
        'mlops.metric.step': 3,
      },
    });
    expect(run.info.counts?.stages).toEqual({ success: 1 });
    expect(run.records.some(({ eventName }) => eventName === 'mlops.stage.start')).toBe(true);
  });

  it('counts its executions, and keeps apart those that run at the same time', async () => {
    const run = await recordJoined(`
      await Promise.all([30, 10, 20].map((ms) => stage('part', async () => {
        logger.info('begin ' + ms);
        await new Promise((done) => setTimeout(done, ms));
        await stage('inner', () => logger.info('end ' + ms));
      }, { attributes: { ms } })));
    `);
    const parts = run.spans.filter(({ name }) => name === 'part');
    expect(parts.map(({ spanId }) => spanId).toSorted()).toEqual(
      [1, 2, 3].map((n) => toStageSpanId(run.info.runId, 'part', n)).toSorted(),
    );
    for (const part of parts) {
      const { ms } = part.attributes;
      const inner = run.spans.find(({ parentSpanId }) => parentSpanId === part.spanId)!;
      expect(inner.name).toBe('inner');
      expect(run.lines.find(({ body }) => body === `begin ${String(ms)}`)?.spanId).toBe(
        part.spanId,
      );
      expect(run.lines.find(({ body }) => body === `end ${String(ms)}`)?.spanId).toBe(inner.spanId);
    }
  });

  it('that fails has the exception as a record and as a span event, once, in the innermost', async () => {
    const run = await recordAlone(`
      await run('churn', async () => {
        await stage('outer', () => stage('inner', () => {
          throw new TypeError('no number', { cause: new Error('the reason') });
        })).catch(() => {});
      });
    `);
    expect(run.info.result).toBe('success');
    const errors = run.lines.filter(({ severity }) => severity >= 17);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.spanId).toBe(findSpan(run, 'inner').spanId);
    const stack = String(errors[0]?.attributes['exception.stacktrace']);
    expect(stack).toContain('Caused by: Error: the reason');
    expect(stack).not.toContain('capture/api');
    for (const name of ['inner', 'outer']) {
      expect(findSpan(run, name)).toMatchObject({
        isError: true,
        message: 'no number',
        attributes: { 'error.type': 'TypeError', 'cicd.pipeline.task.run.result': 'failure' },
      });
    }
    expect(findSpan(run, 'inner').events.map(({ name }) => name)).toEqual(['exception']);
  });

  it.each([
    [`throw 'a text'`, 'string', 'a text'],
    [`throw undefined`, 'undefined', 'undefined'],
    [`throw { toString() { throw new Error(); } }`, 'object', '[unreadable]'],
  ])('takes anything that is thrown: %s', async (fault, type, message) => {
    const run = await recordAlone(`
      await run('churn', () => stage('train', () => { ${fault}; }).catch(() => {}));
    `);
    expect(findSpan(run, 'train')).toMatchObject({ message, attributes: { 'error.type': type } });
  });

  it('is a failure when the function says so by the span’s status', async () => {
    const run = await recordAlone(`
      await run('churn', () => stage('check', (span) => span.setStatus({ code: 2, message: 'too few' })));
    `);
    expect(findSpan(run, 'check')).toMatchObject({
      isError: true,
      message: 'too few',
      attributes: { 'cicd.pipeline.task.run.result': 'failure' },
    });
  });
});

describe("spans of the program's own instrumentation", () => {
  it('nest in stages and trials, with all that they have', async () => {
    const run = await recordJoined(`
      const { trace, SpanKind, SpanStatusCode } = await import('@opentelemetry/api');
      const { logs } = await import('@opentelemetry/api-logs');
      const tracer = trace.getTracer('http-client', '1.2.3');
      await stage('ingest', async () => {
        const linked = { context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }, attributes: { why: 'batch' } };
        await tracer.startActiveSpan('GET', { kind: SpanKind.CLIENT, attributes: { url: 'x' }, links: [linked] }, async (span) => {
          span.addEvent('retry', { delay: NaN });
          await new Promise((done) => setTimeout(done, 2));
          logs.getLogger('bridge').emit({ body: 'from a bridge', severityNumber: 9, attributes: { nested: { a: [1, 'b'] } } });
          logger.info('in a GET');
          span.updateName('GET /data').setStatus({ code: SpanStatusCode.ERROR, message: '503' });
          span.setAttribute('bytes', 12.5).setAttribute('tags', ['a', 'b']);
          await stage('parse', () => {});
          span.end();
        });
        tracer.startActiveSpan('ok', (span) => span.setStatus({ code: SpanStatusCode.OK }).end());
      });
      await study('s', {}, (search) => search.trial({}, () => {
        tracer.startActiveSpan('fit', (span) => { logger.info('fitting'); span.end(); });
        return 1;
      }));
    `);
    const span = findSpan(run, 'GET /data');
    expect(span).toMatchObject({
      parentSpanId: findSpan(run, 'ingest').spanId,
      kind: 3,
      isError: true,
      message: '503',
      attributes: { url: 'x', bytes: 12.5, tags: ['a', 'b'] },
      links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), attributes: { why: 'batch' } }],
    });
    expect(span.events).toMatchObject([{ name: 'retry', attributes: { delay: Number.NaN } }]);
    expect(findSpan(run, 'parse').parentSpanId).toBe(span.spanId);
    expect(findSpan(run, 'ok').isError).toBe(false);
    const line = run.lines.find(({ body }) => body === 'in a GET')!;
    expect(line).toMatchObject({
      spanId: span.spanId,
      attributes: { 'cicd.pipeline.task.name': 'ingest' },
    });
    expect(run.lines.find(({ logger }) => logger === 'bridge')).toMatchObject({
      spanId: span.spanId,
      body: 'from a bridge',
      attributes: { nested: '{"a":[1,"b"]}' },
    });
    expect(run.lines.find(({ body }) => body === 'fitting')).toMatchObject({
      spanId: findSpan(run, 'fit').spanId,
      attributes: { 'optuna.trial.number': 0 },
    });
  });

  it('that continue a caller’s trace are spans of the run, linked to the caller', async () => {
    const run = await recordJoined(`
      const { ROOT_CONTEXT, context, propagation, trace } = await import('@opentelemetry/api');
      await stage('serve', () => {
        const traceparent = '00-' + 'c'.repeat(32) + '-' + 'd'.repeat(16) + '-01';
        const caller = propagation.extract(context.active(), { traceparent });
        trace.getTracer('http').startActiveSpan('POST', { kind: 1 }, caller, (span) => {
          trace.getTracer('http').startActiveSpan('inner', (inner) => { logger.info('served'); inner.end(); });
          span.end();
        });
      });
      trace.getTracer('http').startSpan('alone', {}, ROOT_CONTEXT).end();
    `);
    const span = findSpan(run, 'POST');
    expect(span).toMatchObject({
      traceId: run.info.runId,
      parentSpanId: run.info.rootSpanId,
      links: [{ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) }],
    });
    expect(findSpan(run, 'inner').parentSpanId).toBe(span.spanId);
    expect(run.lines.find(({ body }) => body === 'served')?.spanId).toBe(
      findSpan(run, 'inner').spanId,
    );
    expect(findSpan(run, 'alone').parentSpanId).toBe(run.info.rootSpanId);
  });

  it('stay with the provider that the program registered before; ours work beside it', async () => {
    const run = await recordJoined(`
      const { trace } = await import('@opentelemetry/api');
      const { logs } = await import('@opentelemetry/api-logs');
      const { NodeTracerProvider, SimpleSpanProcessor, InMemorySpanExporter } = await import('@opentelemetry/sdk-trace-node');
      const exporter = new InMemorySpanExporter();
      const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
      provider.register();
      const tracer = trace.getTracer('mine');
      await stage('outer', () => tracer.startActiveSpan('mine', async (span) => {
        logger.info('in both');
        logs.getLogger('bridge').emit({ body: 'from a bridge' });
        await stage('inner', () => logger.info('deeper'));
        span.end();
      }));
      console.log(JSON.stringify(exporter.getFinishedSpans().map(({ name }) => name)));
    `);
    expect(toBodies(run, 'console')).toEqual(['["mine"]']);
    expect(run.spans.map(({ name }) => name).filter((name) => !name.startsWith('RUN'))).toEqual(
      expect.arrayContaining(['outer', 'inner']),
    );
    expect(run.spans.some(({ name }) => name === 'mine')).toBe(false);
    expect(findSpan(run, 'inner').parentSpanId).toBe(findSpan(run, 'outer').spanId);
    for (const text of ['in both', 'from a bridge'])
      expect(run.lines.find(({ body }) => body === text)?.spanId).toBe(
        findSpan(run, 'outer').spanId,
      );
  });
});

describe('several processes and threads in one run', () => {
  it('childEnvironment() puts a child into the stage that starts it', async () => {
    const run = await recordAlone(`
      const { spawnSync } = await import('node:child_process');
      const { Worker } = await import('node:worker_threads');
      if (process.argv[2] === 'child') {
        await run('child', () => stage('work', () => logger.info('in the child')));
      } else {
        await run('churn', async () => {
          await stage('work', async () => {
            logger.info('in the parent');
            spawnSync(process.execPath, ['program.mjs', 'child'], { env: childEnvironment(), stdio: 'inherit' });
            const worker = new Worker(
              "import { stage, logger } from 'stagelight'; await stage('work', () => logger.info('in a thread'));",
              { eval: true, env: childEnvironment(), execArgv: ['--input-type=module'] },
            );
            await new Promise((done) => worker.once('exit', done));
          });
        });
      }
    `);
    expect(run.end.stderr).toBe('');
    const works = run.spans.filter(({ name }) => name === 'work');
    expect(new Set(works.map(({ spanId }) => spanId)).size).toBe(3);
    const parent = works.find(({ parentSpanId }) => parentSpanId === run.info.rootSpanId)!;
    const others = works.filter((span) => span !== parent);
    expect(findSpan(run, 'RUN child').parentSpanId).toBe(parent.spanId);
    expect(others.map(({ parentSpanId }) => parentSpanId ?? '').toSorted()).toEqual(
      [findSpan(run, 'RUN child').spanId, parent.spanId].toSorted(),
    );
    expect(toBodies(run).toSorted()).toEqual(['in a thread', 'in the child', 'in the parent']);
  });

  it('processes side by side each write their own', async () => {
    const run = await recordJoined(
      `
      const { spawn } = await import('node:child_process');
      await Promise.all(['a', 'b'].map((name) => new Promise((done) => {
        spawn(process.execPath, ['part.mjs', name], { stdio: 'inherit' }).once('exit', done);
      })));
      `,
      {
        'part.mjs': `import { stage, logger } from 'stagelight';
          await stage('part', async () => {
            for (let n = 0; n < 500; n += 1) {
              logger.info(process.argv[2] + n);
              if (n % 100 === 0) await new Promise((done) => setTimeout(done, 10));
            }
          });`,
      },
    );
    expect(
      run.spans
        .filter(({ name }) => name === 'part')
        .map(({ spanId }) => spanId)
        .toSorted(),
    ).toEqual([1, 2].map((n) => toStageSpanId(run.info.runId, 'part', n)).toSorted());
    for (const name of ['a', 'b']) {
      const own = toBodies(run).filter((body) => body.startsWith(name));
      expect(own).toEqual(Array.from({ length: 500 }, (_, n) => `${name}${n}`));
    }
  });
});
