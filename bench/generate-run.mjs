// Writes a run directory with as many records as asked for, with the writers that the merge uses: eight stages, one of
// them a search, tracebacks, metrics, and lines without a level. The same count gives the same records.
// Usage: node bench/generate-run.mjs <home> [records] [run ID]   (needs dist/lib: npm run build)
import { join, resolve } from 'node:path';

/** Every so many records there is one of this kind. */
const EVERY = { error: 100, warning: 25, metric: 500, debug: 8, bare: 3 };
const STAGES = [
  'ingest',
  'validate',
  'split',
  'features@raw',
  'features@scaled',
  'tune',
  'train',
  'evaluate',
];
const STACK = `Traceback (most recent call last):
  File "/app/src/train.py", line 35, in main
    model.fit(batch)
  File "/app/src/pipeline/model.py", line 27, in fit
    raise ValueError(f"training diverged in epoch {epoch}")
ValueError: training diverged in epoch 0`;

/**
 * @param {{ home: string, records: number, runId?: string, lib?: string }} options `lib` is where the compiled library lies
 * @returns {Promise<string>} the run directory
 */
export async function generateRun({
  home,
  records,
  runId = 'ab'.repeat(16),
  lib = new URL('../dist/lib/', import.meta.url).href,
}) {
  const load = (path) => import(new URL(path, lib).href);
  const [
    { Emitter },
    { LogFile, TextFile, TraceFile },
    { Recorder },
    { SpanBook },
    { RunSpan },
    ids,
    layout,
    runFile,
    text,
    { describeRun },
    { SecretMasker },
  ] = await Promise.all(
    [
      'merge/emitter.js',
      'merge/file-processors.js',
      'merge/recorder.js',
      'merge/course/span-book.js',
      'merge/run-span.js',
      'model/ids.js',
      'spool/layout.js',
      'spool/run-file.js',
      'model/text-format.js',
      'capture/describe-run.js',
      'model/secrets.js',
    ].map(load),
  );
  const runDir = layout.createRunDir(resolve(home), runId);
  const logging = {
    format: '%(asctime)s %(levelname)-8s %(stage)s: %(message)s',
    minimumSeverity: 1,
    formats: [],
    secretRules: [],
  };
  const described = describeRun({
    runId,
    runDir,
    command: ['dvc', 'repro'],
    cwd: home,
    env: {},
    name: 'generated',
    join: false,
    logging,
  });
  const startSeconds = 1_795_000_000;
  const info = { ...described, startedAt: `${startSeconds}000000000` };
  const logs = new LogFile(join(runDir, layout.FILE.logs), info.resource);
  const traces = new TraceFile(join(runDir, layout.FILE.traces), info.resource);
  const lines = new TextFile(join(runDir, layout.FILE.text), {
    format: text.compileTextFormat(logging.format, { zone: info.timeZone }),
    minimumSeverity: 1,
    runId,
  });
  const emitter = new Emitter({
    traceId: runId,
    resource: info.resource,
    logProcessors: [logs, lines],
    spanProcessors: [traces],
  });
  const recorder = new Recorder({ emitter, masker: new SecretMasker() });
  const book = new SpanBook({ recorder, url: `file://${runDir}`, keepsExceptionEvents: true });
  const run = new RunSpan({ info, book, recorder });

  // A quarter of a millisecond between records.
  const timeOf = (n) => [startSeconds + Math.floor(n / 4000), (n % 4000) * 250_000];
  const perStage = Math.ceil(records / STAGES.length);
  for (const [index, stage] of STAGES.entries()) {
    const from = index * perStage;
    const to = Math.min(records, from + perStage);
    const span = book.open({
      spanId: ids.toStageSpanId(runId, stage, 1),
      parent: info.rootSpanId,
      role: 'stage',
      name: stage,
      stage,
      start: timeOf(from),
      attributes: { 'dvc.stage.name': stage.split('@')[0], 'dvc.stage.addressing': stage },
    });
    if (stage === 'tune') addStudy({ book, ids, span, timeOf, from, to });
    for (let n = from; n < to; n += 1) recorder.log(toDraft(n, { span, time: timeOf(n) }));
    book.close(span, {
      end: timeOf(to),
      result: 'success',
      attributes: {
        'dvc.stage.outcome': 'ran',
        'dvc.stage.changed': ['cmd', `param:${stage}.epochs`],
        'dvc.deps': [`src/${stage}.py 38fa3c8bc60f52871dde4a2d419d921e 720`],
        'dvc.outs': [`data/${stage}.csv b154f6a78a166306105a372ea2344899 121385`],
        [`dvc.param.${stage}.epochs`]: 25,
      },
    });
  }
  run.childExit = {
    type: 'child-exit',
    time: `${timeOf(records)
      .map((part, index) => (index === 0 ? part : String(part).padStart(9, '0')))
      .join('')}`,
    code: 0,
  };
  const how = run.how(timeOf(records));
  const told = run.finish({ ...how, kind: 'full', experiment: undefined });
  for (const file of [logs, traces, lines]) {
    file.flush();
    file.close();
  }
  runFile.writeRunInfo(runDir, {
    ...info,
    ...told,
    endedAt: run.childExit.time,
    counts: recorder.counter.toCounts(),
    firstError: recorder.firstError,
  });
  return runDir;
}

function addStudy({ book, ids, span, timeOf, from, to }) {
  const trials = 200;
  const step = Math.max(1, Math.floor((to - from) / trials));
  const study = book.open({
    spanId: ids.toStudySpanId(span.spanId, 'search'),
    parent: span.spanId,
    role: 'study',
    name: 'study',
    start: timeOf(from),
    attributes: { 'optuna.study.name': 'search', 'optuna.study.best_trial': 17 },
  });
  for (let number = 0; number < trials; number += 1) {
    const trial = book.open({
      spanId: ids.toTrialSpanId(span.spanId, 'search', number),
      parent: study.spanId,
      role: 'trial',
      name: 'trial',
      start: timeOf(from + number * step),
      attributes: {
        'optuna.study.name': 'search',
        'optuna.trial.number': number,
        'optuna.trial.value': 0.9 + (number % 17) / 1000,
        'optuna.trial.param.lr': 0.001 * (1 + (number % 7)),
      },
    });
    book.close(trial, {
      end: timeOf(from + (number + 1) * step),
      trialState: number % 9 === 8 ? 'PRUNED' : 'COMPLETE',
    });
  }
  book.close(study, { end: timeOf(to) });
}

function toDraft(n, { span, time }) {
  const common = { scope: span.scope, time, observed: time };
  const uid = { 'log.record.uid': `ababababab.1234-1795000000000000000.o.${n.toString(36)}` };
  const at = {
    ...uid,
    'log.iostream': n % 4 === 0 ? 'stderr' : 'stdout',
    'code.function.name': 'fit',
  };
  if (n % EVERY.metric === 0)
    return {
      ...common,
      logger: 'stagelight',
      eventName: 'mlops.metric',
      body: `loss = ${1 / (n + 1)}`,
      attributes: {
        'mlops.metric.name': 'loss',
        'mlops.metric.value': 1 / (n + 1),
        'mlops.metric.step': n,
        ...uid,
      },
    };
  if (n % EVERY.error === 1)
    return {
      ...common,
      logger: '__main__',
      severity: 17,
      severityText: 'ERROR',
      body: `batch ${n} failed`,
      attributes: {
        ...at,
        'exception.type': 'ValueError',
        'exception.message': 'training diverged in epoch 0',
        'exception.stacktrace': STACK,
      },
    };
  if (n % EVERY.warning === 2)
    return {
      ...common,
      logger: 'py.warnings',
      severity: 13,
      severityText: 'WARNING',
      body: `column area_error has a skew of ${n % 7}.45`,
      attributes: at,
    };
  if (n % EVERY.debug === 3)
    return {
      ...common,
      logger: 'src.data',
      severity: 5,
      severityText: 'DEBUG',
      body: `loaded batch ${n} of 1024 rows from data/features/scaled`,
      attributes: at,
    };
  if (n % EVERY.bare === 0)
    return {
      ...common,
      logger: 'console',
      severity: 0,
      body: `epoch ${n % 100} | train loss ${(1 / (n + 1)).toFixed(6)} | val loss ${(2 / (n + 1)).toFixed(6)}`,
      attributes: at,
    };
  return {
    ...common,
    logger: '__main__',
    severity: 9,
    severityText: 'INFO',
    body: `epoch ${n % 100}: accuracy 0.${String(n % 10_000).padStart(4, '0')}, ${n} rows seen`,
    attributes: {
      ...at,
      'log.record.original': `[2026-11-23 01:33:56,793][__main__][INFO] - epoch ${n % 100}: accuracy 0.${String(n % 10_000).padStart(4, '0')}, ${n} rows seen`,
    },
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [home, records = '1000000', runId] = process.argv.slice(2);
  if (home === undefined)
    throw new Error('where to? node bench/generate-run.mjs <home> [records] [run ID]');
  console.log(
    await generateRun({ home, records: Number(records), ...(runId !== undefined && { runId }) }),
  );
}
