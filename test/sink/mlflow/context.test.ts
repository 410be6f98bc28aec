import { describe, expect, test } from 'vitest';
import { toMlflowVariables } from '../../../src/recording/mlflow-context.ts';

const RUN_ID = 'ab'.repeat(16);
const TIE = { trackingUri: 'http://mlflow:5000', experimentId: '1', runId: RUN_ID };

function toContext(env: NodeJS.ProcessEnv, more = {}): unknown {
  const variables = toMlflowVariables({ env, runId: RUN_ID, mlflow: TIE, ...more });
  expect(Object.keys(variables)).toEqual(['MLFLOW_RUN_CONTEXT']);
  return JSON.parse(variables['MLFLOW_RUN_CONTEXT']!);
}

describe('what children are told of their MLflow parent', () => {
  test.each(['http://mlflow:5000', 'http://mlflow:5000/', 'http://ada:secret@mlflow:5000'])(
    'is its ID and the run, where %s leads them to its server',
    (uri) => {
      expect(toContext({ MLFLOW_TRACKING_URI: uri })).toEqual({
        'mlflow.parentRunId': RUN_ID,
        'stagelight.run_id': RUN_ID,
      });
    },
  );

  test.each([undefined, '', 'sqlite:///mlflow.db', 'http://other:5000', './mlruns'])(
    'is the run alone where %s leads them elsewhere',
    (uri) => {
      const env = uri === undefined ? {} : { MLFLOW_TRACKING_URI: uri };
      expect(toContext(env)).toEqual({ 'stagelight.run_id': RUN_ID });
    },
  );

  test('keeps the tags that are there already, and names the stage', () => {
    const env = { MLFLOW_RUN_CONTEXT: '{"team":"a","stagelight.run_id":"older"}' };
    expect(toContext(env, { stage: 'train' })).toEqual({
      team: 'a',
      'stagelight.run_id': RUN_ID,
      'stagelight.stage': 'train',
    });
  });

  test.each(['{', '[]', 'null', '"text"'])('is nothing beside a context of %s', (text) => {
    const env = { MLFLOW_RUN_CONTEXT: text, MLFLOW_TRACKING_URI: TIE.trackingUri };
    expect(toMlflowVariables({ env, runId: RUN_ID, mlflow: TIE })).toEqual({});
  });
});
