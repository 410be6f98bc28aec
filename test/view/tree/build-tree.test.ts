import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toStudySpanId, toTrialSpanId } from '../../../src/model/ids.ts';
import type { InboxEntry } from '../../../src/model/inbox.ts';
import { readSpans } from '../../../src/spool/signal-reader.ts';
import type { StoredSpan } from '../../../src/spool/signal-reader.ts';
import type { OpenedRun } from '../../../src/view/open-run.ts';
import { buildTree } from '../../../src/view/tree/build-tree.ts';
import { readLogFacts } from '../../../src/view/tree/log-facts.ts';
import type { RunNode } from '../../../src/view/tree/run-node.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { at, makeRun } from '../support/make-run.ts';
import type { EntryMaker } from '../support/make-run.ts';

function make(entries: (run: EntryMaker) => InboxEntry[]): OpenedRun {
  return makeRun({ home: join(createTemporaryDir(), '.stagelight'), entries });
}

/** The tree of a run of which only the spans that `keep` keeps have been written so far. */
function build(run: OpenedRun, keep?: (span: StoredSpan) => boolean): RunNode {
  const { starts, metrics } = readLogFacts(join(run.runDir, 'logs.jsonl'), { findsError: false });
  const spans = [...readSpans(join(run.runDir, 'traces.jsonl'))];
  return buildTree({
    info: run.info,
    state: keep === undefined ? 'finished' : 'running',
    spans: keep === undefined ? spans : spans.filter(keep),
    starts,
    metrics,
  });
}

/** A tree in a few words. */
function outline({ kind, name, status, children }: RunNode): unknown {
  const words = `${kind} ${name}: ${status}`;
  return children.length === 0 ? words : [words, ...children.map(outline)];
}

const SEARCH = (run: EntryMaker): InboxEntry[] => [
  ...run.stage('ingest', [0, 1000]),
  run.startStage('tune', 1000),
  ...run.study('search', { stage: 'tune', fromMs: 1100, values: [0.5, undefined, 0.7] }),
  run.endStage('tune', 2000),
  ...run.skip('report', 2000),
];

test('stages, studies and trials lie in each other, by their start', () => {
  expect(outline(build(make(SEARCH)))).toEqual([
    'run RUN demo: success',
    'stage ingest: success',
    [
      'stage tune: success',
      ['study search: undefined', 'trial 0: success', 'trial 1: undefined', 'trial 2: success'],
    ],
    'stage report: skip',
  ]);
});

/** Whether a span has ended when the second trial has. */
function isEarly({ attributes, name }: StoredSpan): boolean {
  return name === 'ingest' || Number(attributes['optuna.trial.number']) < 2;
}

test('while it runs, what has started and not ended is there, studies by their trials', () => {
  const run = make(SEARCH);
  expect(outline(build(run, isEarly))).toEqual([
    'run RUN demo: running',
    'stage ingest: success',
    [
      'stage tune: running',
      ['study search: running', 'trial 0: success', 'trial 1: undefined', 'trial 2: running'],
    ],
    'stage report: running',
  ]);
});

test('trials of a study outside of any stage are below the run', () => {
  const run = make(({ info }) => {
    const study = toStudySpanId(info.rootSpanId, 'alone');
    const span = toTrialSpanId(info.rootSpanId, 'alone', 0);
    const attributes = { 'optuna.study.name': 'alone', 'optuna.trial.number': 0 };
    return [
      {
        type: 'span-start',
        kind: 'trial',
        time: at(5),
        span,
        parent: study,
        name: 'trial',
        attributes,
      },
      { type: 'span-end', time: at(6), span, state: 'COMPLETE' },
    ];
  });
  expect(outline(build(run, () => true))).toEqual([
    'run RUN demo: success',
    ['study alone: running', 'trial 0: success'],
  ]);
});

test('a span whose parent is nowhere is below the run, and so are spans that are their own parents', () => {
  const run = make(SEARCH);
  const [span] = [...readSpans(join(run.runDir, 'traces.jsonl'))];
  const toSpan = (spanId: string, parentSpanId: string): StoredSpan => ({
    ...span!,
    name: spanId,
    spanId,
    parentSpanId,
    attributes: {},
  });
  const spans = [toSpan('a', 'gone'), toSpan('b', 'c'), toSpan('c', 'b'), toSpan('d', 'd')];
  const tree = buildTree({
    info: run.info,
    state: 'finished',
    spans,
    starts: [],
    metrics: new Map(),
  });
  expect(tree.children.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c', 'd']);
});

test('what a stage failed of, and its metrics, are the node’s', () => {
  const run = make((maker) => [
    maker.startStage('train', 0),
    maker.metric(500, ['loss', 0.5], 'train'),
    maker.metric(600, ['loss', NaN], 'train'),
    maker.endStage('train', 900, {
      result: 'failure',
      errorType: 'ValueError',
      errorMessage: 'bad',
    }),
  ]);
  expect(build(run).children[0]).toMatchObject({
    status: 'failure',
    error: { type: 'ValueError', message: 'bad' },
    metrics: [{ name: 'loss', value: NaN, count: 2 }],
  });
});
