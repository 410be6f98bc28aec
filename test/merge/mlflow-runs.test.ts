import { expect, test } from 'vitest';
import type { MlflowEntry } from '../../src/model/inbox.ts';
import { DEFAULT_TIME_MS, mergeConsole } from '../support/merge-console.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const TIME = `${DEFAULT_TIME_MS}000000`;
const SPAN = 'aaaaaaaaaaaaaaaa';

/** What a trial says of the runs that were made in it. */
function mergeTrial(...told: readonly Partial<MlflowEntry>[]) {
  const { spans } = mergeConsole([], {
    home: createTemporaryDir(),
    inboxes: {
      python: [
        {
          type: 'span-start',
          time: TIME,
          span: SPAN,
          kind: 'trial',
          name: 'trial',
          attributes: { 'optuna.trial.number': 3 },
        },
        ...told.map((entry): MlflowEntry => ({
          type: 'mlflow',
          time: TIME,
          uri: 'http://mlflow:5000',
          cwd: '/project',
          span: SPAN,
          ...entry,
        })),
        { type: 'span-end', time: TIME, span: SPAN },
      ],
    },
  });
  const { attributes } = spans.find(({ spanId }) => spanId === SPAN)!;
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key.startsWith('mlflow')));
}

test("a trial has its run's page, without the server's login", () => {
  const uri = 'http://me:secret@mlflow:5000/';
  expect(mergeTrial({ uri, run: 'abc', experiment: '7' })).toEqual({
    'mlflow.tracking_uri': 'http://mlflow:5000/',
    'mlflow.run_id': 'abc',
    'mlflow.experiment_id': '7',
    'mlflow.run.url': 'http://mlflow:5000/#/experiments/7/runs/abc',
  });
});

test('of several runs in a trial all that is said is of the first', () => {
  const first = { uri: '/project/mlruns', run: 'abc', experiment: '7' };
  expect(mergeTrial(first, { run: 'def', experiment: '8' })).toEqual({
    'mlflow.tracking_uri': '/project/mlruns',
    'mlflow.run_id': 'abc',
    'mlflow.experiment_id': '7',
  });
});

test('what is no ID makes no link', () => {
  expect(mergeTrial({ run: 'abc/../\ud800', experiment: '7' })).not.toHaveProperty([
    'mlflow.run.url',
  ]);
  expect(mergeTrial({ run: 'abc' })).not.toHaveProperty(['mlflow.run.url']);
});
