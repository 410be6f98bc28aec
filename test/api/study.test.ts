import { describe, expect, it } from 'vitest';
import { toStageSpanId, toStudySpanId, toTrialSpanId } from '../../src/model/ids.ts';
import type { RecordedRun } from '../support/cli.ts';
import { findSpan, recordAlone, recordJoined } from './program.ts';

function toTrials(run: RecordedRun): RecordedRun['spans'] {
  return run.spans
    .filter(({ name }) => name === 'trial')
    .toSorted(
      (a, b) =>
        Number(a.attributes['optuna.trial.number']) - Number(b.attributes['optuna.trial.number']),
    );
}

describe('study() and trial()', () => {
  it('records parameters, values, states and the best, and gives them', async () => {
    const run = await recordJoined(`
      const results = await stage('search', () => study('depth', { direction: 'maximize', attributes: { sampler: 'grid' } }, async (search) => {
        const results = [];
        for (const depth of [2, 8, 4, 1, 0]) {
          results.push(await search.trial({ depth, kind: 'tree' }, async (trial) => {
            trial.report(depth / 10, 0);
            await null;
            logger.info('trying ' + trial.params.depth);
            if (depth === 1) trial.prune();
            trial.span.setAttribute('fold', 3);
            return depth === 0 ? NaN : depth;
          }));
        }
        await search.trial({ depth: 16 }, () => { throw new RangeError('too deep'); }).catch((error) => results.push(error.message));
        return [results, search.best];
      }));
      console.log(JSON.stringify(results));
    `);
    const printed = JSON.parse(
      run.lines.find(({ logger }) => logger === 'console')!.body,
    ) as unknown[][];
    expect(printed[1]).toMatchObject({
      number: 1,
      state: 'COMPLETE',
      value: 8,
      values: [8],
      params: { depth: 8 },
    });
    expect(printed[0]?.slice(3)).toEqual([
      { number: 3, params: { depth: 1, kind: 'tree' }, state: 'PRUNED', values: [] },
      { number: 4, params: { depth: 0, kind: 'tree' }, state: 'FAIL', values: [] },
      'too deep',
    ]);
    const stageId = toStageSpanId(run.info.runId, 'search', 1);
    expect(findSpan(run, 'study')).toMatchObject({
      spanId: toStudySpanId(stageId, 'depth'),
      parentSpanId: stageId,
      attributes: {
        'optuna.study.name': 'depth',
        'optuna.study.direction': 'maximize',
        'optuna.study.best_trial': 1,
        sampler: 'grid',
      },
    });
    const trials = toTrials(run);
    expect(trials.map(({ spanId }) => spanId)).toEqual(
      trials.map((_, number) => toTrialSpanId(stageId, 'depth', number)),
    );
    expect(trials.map(({ attributes }) => attributes['optuna.trial.state'])).toEqual([
      'COMPLETE',
      'COMPLETE',
      'COMPLETE',
      'PRUNED',
      'FAIL',
      'FAIL',
    ]);
    expect(trials.map(({ attributes }) => attributes['optuna.trial.best'])).toEqual([
      true,
      true,
      false,
      undefined,
      undefined,
      undefined,
    ]);
    expect(trials[1]).toMatchObject({
      isError: false,
      attributes: {
        'optuna.trial.value': 8,
        'optuna.trial.param.depth': 8,
        'optuna.trial.param.kind': 'tree',
        fold: 3,
      },
    });
    expect(trials[3]?.isError).toBe(false);
    expect(trials[4]).toMatchObject({ isError: true, message: "a trial's value can't be NaN" });
    expect(trials[5]).toMatchObject({
      message: 'too deep',
      attributes: { 'error.type': 'RangeError' },
    });
    const reports = run.records.filter(
      ({ attributes }) => attributes['mlops.metric.name'] === 'intermediate_value',
    );
    expect(reports).toHaveLength(5);
    expect(reports[0]).toMatchObject({
      spanId: trials[0]?.spanId,
      attributes: { 'mlops.metric.value': 0.2, 'mlops.metric.step': 0, 'optuna.trial.number': 0 },
    });
    const values = run.records.filter(
      ({ attributes }) => attributes['mlops.metric.name'] === 'value',
    );
    expect(values.map(({ attributes }) => attributes['mlops.metric.value'])).toEqual([
      2,
      8,
      4,
      Number.NaN,
    ]);
    expect(run.lines.find(({ body }) => body === 'trying 8')?.spanId).toBe(trials[1]?.spanId);
    expect(run.info.counts?.trials).toBe(6);
  });

  it('keeps trials apart that run at the same time, and studies of one name', async () => {
    const run = await recordAlone(`
      await run('search', async () => {
        for (let round = 0; round < 2; round += 1) {
          await study('same', {}, (search) => Promise.all([3, 1, 2].map((k) => search.trial({ k }, async () => {
            await new Promise((done) => setTimeout(done, 5 * k));
            logger.info('k=' + k);
            return k;
          }))));
        }
      });
    `);
    const studies = run.spans.filter(({ name }) => name === 'study');
    expect(new Set(studies.map(({ spanId }) => spanId)).size).toBe(2);
    expect(studies.map(({ attributes }) => attributes['optuna.study.best_trial'])).toEqual([1, 1]);
    const trials = toTrials(run);
    expect(new Set(trials.map(({ spanId }) => spanId)).size).toBe(6);
    for (const trial of trials) {
      const [line] = run.lines.filter(({ spanId }) => spanId === trial.spanId);
      expect(line?.body).toBe(`k=${String(trial.attributes['optuna.trial.param.k'])}`);
    }
    expect(run.info.kind).toBe('sweep');
  });

  it('takes several values where the study has several directions', async () => {
    const run = await recordAlone(`
      await run('search', () => study('both', { direction: ['minimize', 'maximize'] }, async (search) => {
        await search.trial({}, () => [1, 2.5]);
        await search.trial({}, () => 1);
        await search.trial({}, () => undefined);
        console.log(search.best);
      }));
    `);
    expect(run.end.stdout).toBe('undefined');
    const trials = toTrials(run);
    expect(trials.map(({ attributes }) => attributes['optuna.trial.state'])).toEqual([
      'COMPLETE',
      'FAIL',
      'FAIL',
    ]);
    expect(trials[0]?.attributes['optuna.trial.values']).toEqual([1, 2.5]);
    expect(trials[2]?.message).toBe("a trial's value can't be of type undefined");
    expect(findSpan(run, 'study').attributes['optuna.study.direction']).toEqual([
      'minimize',
      'maximize',
    ]);
    const names = run.records
      .map(({ attributes }) => attributes['mlops.metric.name'])
      .filter(Boolean);
    expect(names).toEqual(['values.0', 'values.1', 'value']);
  });

  it('a study that throws is an error, with its trials whole', async () => {
    const run = await recordAlone(`
      await run('search', () => study('s', {}, async (search) => {
        await search.trial({}, () => 1);
        throw new Error('out of ideas');
      })).catch(() => {});
    `);
    expect(findSpan(run, 'study')).toMatchObject({ isError: true, message: 'out of ideas' });
    expect(findSpan(run, 'trial').isError).toBe(false);
    expect(run.info.result).toBe('failure');
  });
});
