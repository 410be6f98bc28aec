// Writes a run directory with as many records as asked for, through the merge: eight stages, one of them a search,
// tracebacks, metrics, warnings, lines without a level. The same count gives the same records.
// Usage: node bench/generate-run.mjs <home> [records] [run ID]   (needs dist/lib: npm run build)
import { closeSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

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
const START_SECONDS = 1_795_000_000;
const TRIALS = 200;

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
    ids,
    { FILE, createRunDir },
    { describeRun },
    { DEFAULT_LOGGING },
    { Merge },
    { toSourceName },
    { writeRunInfo },
  ] = await Promise.all(
    [
      'model/ids.js',
      'spool/layout.js',
      'capture/describe-run.js',
      'config/defaults.js',
      'merge/merge.js',
      'spool/process-identity.js',
      'spool/run-file.js',
    ].map(load),
  );
  const runDir = createRunDir(resolve(home), runId);
  const described = describeRun({
    runId,
    runDir,
    command: ['dvc', 'repro'],
    cwd: home,
    env: {},
    name: 'generated',
    join: false,
    logging: DEFAULT_LOGGING,
  });
  const info = { ...described, startedAt: toNano(0) };
  writeRunInfo(runDir, info);
  const inbox = openInbox(join(runDir, FILE.inbox, `${toSourceName()}.jsonl`));
  const perStage = Math.ceil(records / STAGES.length);
  for (const [index, stage] of STAGES.entries()) {
    const from = index * perStage;
    const to = Math.min(records, from + perStage);
    writeStage({ inbox, ids, runId, stage, from, to, parent: info.rootSpanId });
  }
  inbox.add({ type: 'run-end', time: toNano(records), result: 'success', code: 0 });
  inbox.close();
  new Merge({ runDir, info, env: {} }).finish();
  return runDir;
}

/** Entries as JSON Lines, in large writes. */
function openInbox(path) {
  const fd = openSync(path, 'w', 0o600);
  let text = '';
  const flush = () => {
    writeSync(fd, text);
    text = '';
  };
  return {
    add(entry) {
      text += `${JSON.stringify(entry)}\n`;
      if (text.length > 1 << 20) flush();
    },
    close() {
      flush();
      closeSync(fd);
    },
  };
}

/** A quarter of a millisecond lies between records. */
function toNano(n) {
  return `${START_SECONDS + Math.floor(n / 4000)}${String((n % 4000) * 250_000).padStart(9, '0')}`;
}

function writeStage({ inbox, ids, runId, stage, from, to, parent }) {
  const span = ids.toStageSpanId(runId, stage, 1);
  inbox.add({
    type: 'span-start',
    kind: 'stage',
    time: toNano(from),
    span,
    parent,
    name: stage,
    attributes: { 'dvc.stage.name': stage.split('@')[0], 'dvc.stage.addressing': stage },
  });
  const study = stage === 'tune' ? ids.toStudySpanId(span, 'search') : undefined;
  if (study !== undefined) {
    const attributes = { 'optuna.study.name': 'search' };
    inbox.add({
      type: 'span-start',
      kind: 'study',
      time: toNano(from),
      span: study,
      parent: span,
      name: 'study',
      attributes,
    });
  }
  const perTrial = Math.max(1, Math.floor((to - from) / TRIALS));
  for (let n = from; n < to; n += 1) {
    const number = Math.floor((n - from) / perTrial);
    const trial =
      study === undefined || number >= TRIALS
        ? undefined
        : ids.toTrialSpanId(span, 'search', number);
    if (trial !== undefined && (n - from) % perTrial === 0)
      startTrial({ inbox, trial, study, number, time: toNano(n) });
    inbox.add(toRecord(n, trial ?? span));
    if (trial !== undefined && (n - from) % perTrial === perTrial - 1)
      inbox.add({
        type: 'span-end',
        time: toNano(n),
        span: trial,
        state: number % 9 === 8 ? 'PRUNED' : 'COMPLETE',
      });
  }
  if (study !== undefined)
    inbox.add({
      type: 'span-end',
      time: toNano(to),
      span: study,
      attributes: { 'optuna.study.best_trial': 17 },
    });
  inbox.add({
    type: 'span-end',
    time: toNano(to),
    span,
    result: 'success',
    attributes: {
      'dvc.stage.outcome': 'ran',
      'dvc.stage.changed': ['cmd', `param:${stage}.epochs`],
      'dvc.deps': [`src/${stage}.py 38fa3c8bc60f52871dd4a2d419d921ee 720`],
      'dvc.outs': [`data/${stage}.csv b154f6a78a166306105a372ea2344899 121385`],
      [`dvc.param.${stage}.epochs`]: 25,
    },
  });
}

function startTrial({ inbox, trial, study, number, time }) {
  inbox.add({
    type: 'span-start',
    kind: 'trial',
    time,
    span: trial,
    parent: study,
    name: 'trial',
    attributes: {
      'optuna.study.name': 'search',
      'optuna.trial.number': number,
      'optuna.trial.value': 0.9 + (number % 17) / 1000,
      'optuna.trial.param.lr': 0.001 * (1 + (number % 7)),
    },
  });
}

/** In a hundred records an error with a traceback, four warnings, twelve at DEBUG, 28 without a level; every 500th is a metric. */
function toRecord(n, span) {
  const time = toNano(n);
  if (n % 500 === 0)
    return { type: 'metric', time, name: 'loss', value: 1 / (n + 1), step: n, span };
  const attributes = {
    'log.iostream': n % 4 === 0 ? 'stderr' : 'stdout',
    'code.function.name': 'fit',
  };
  const toLog = (logger, severity, severityText, body, more = {}) => ({
    type: 'log',
    time,
    logger,
    severity,
    severityText,
    body,
    span,
    attributes: { ...attributes, ...more },
  });
  if (n % 100 === 1)
    return toLog('__main__', 17, 'ERROR', `batch ${n} failed`, {
      'exception.type': 'ValueError',
      'exception.message': 'training diverged in epoch 0',
      'exception.stacktrace': STACK,
    });
  if (n % 25 === 2)
    return toLog('py.warnings', 13, 'WARNING', `column area_error has a skew of ${n % 7}.45`);
  if (n % 8 === 3)
    return toLog(
      'src.data',
      5,
      'DEBUG',
      `loaded batch ${n} of 1024 rows from data/features/scaled`,
    );
  if (n % 3 === 0)
    return toLog(
      'console',
      0,
      undefined,
      `epoch ${n % 100} | train loss ${(1 / (n + 1)).toFixed(6)} | val loss ${(2 / (n + 1)).toFixed(6)}`,
    );
  const body = `epoch ${n % 100}: accuracy 0.${String(n % 10_000).padStart(4, '0')}, ${n} rows seen`;
  return toLog('__main__', 9, 'INFO', body, {
    'log.record.original': `[2026-11-23 01:33:56,793][__main__][INFO] - ${body}`,
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [home, records = '1000000', runId] = process.argv.slice(2);
  if (home === undefined)
    throw new Error('where to? node bench/generate-run.mjs <home> [records] [run ID]');
  console.log(
    await generateRun({ home, records: Number(records), ...(runId !== undefined && { runId }) }),
  );
}
