import { describe, expect, test } from 'vitest';
import type { StoredSpan } from '../../../src/spool/signal-reader.ts';
import type { MlflowRun } from '../../../src/sink/mlflow/api.ts';
import { joinTrial } from '../../../src/sink/mlflow/join.ts';

const START_SECONDS = 1_795_397_600;
const START_MS = START_SECONDS * 1000;

/** A trial of a second. */
const TRIAL: StoredSpan = {
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  parentSpanId: undefined,
  name: 'trial',
  kind: 1,
  start: [START_SECONDS, 0],
  end: [START_SECONDS + 1, 0],
  attributes: {
    'optuna.trial.param.lr': 0.00001,
    'optuna.trial.param.loss': 'hinge',
    'optuna.trial.param.shuffle': true,
  },
  isError: false,
  message: undefined,
  links: [],
  events: [],
};

/** A run that the user's code made for it, as Python writes its parameters. */
function makeRun(runId: string, different: Partial<MlflowRun> = {}): MlflowRun {
  return {
    runId,
    experimentId: '1',
    name: 'trial-0',
    status: 'FINISHED',
    startMs: START_MS + 5,
    endMs: START_MS + 900,
    artifactUri: '',
    isActive: true,
    tags: { 'stagelight.stage': 'tune' },
    params: { lr: '1e-05', loss: 'hinge', shuffle: 'True', epoch: '3' },
    metrics: {},
    ...different,
  };
}

const join = (...users: MlflowRun[]) => joinTrial(TRIAL, { stage: 'tune', users });

test("a run of the trial's stage and time with all of its parameters is the trial's", () => {
  const run = makeRun('a');
  expect(join(run)).toEqual({ type: 'joined', run });
});

describe('a run is not the one of the trial', () => {
  const params = makeRun('a').params;
  test.each([
    ['that lacks a parameter', { params: { lr: '1e-05', loss: 'hinge' } }],
    ['with another value', { params: { ...params, lr: '1e-06' } }],
    ['with no number for a number', { params: { ...params, lr: ' ' } }],
    ['of another stage', { tags: { 'stagelight.stage': 'train' } }],
    ['that began before', { startMs: START_MS - 500 }],
    ['that began after', { startMs: START_MS + 1500, endMs: START_MS + 1600 }],
    ['that went on after', { endMs: START_MS + 1500 }],
  ])('%s', (_, different) => {
    expect(join(makeRun('a', different))).toEqual({ type: 'none' });
  });
});

test('of runs that lie in each other the outermost is it', () => {
  const outer = makeRun('outer');
  const inner = makeRun('inner', { tags: { 'mlflow.parentRunId': 'outer' } });
  expect(join(inner, outer)).toEqual({ type: 'joined', run: outer });
});

test('of two that both could be it nobody can say', () => {
  const runs = [makeRun('a'), makeRun('b')];
  expect(join(...runs)).toEqual({ type: 'ambiguous', runs });
});
