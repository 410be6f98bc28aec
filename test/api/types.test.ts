import type { Span } from '@opentelemetry/api';
import { expectTypeOf, it } from 'vitest';
import type * as stagelight from '../../src/index.ts';
import { childEnvironment, logger, metric, run, stage, study } from '../../src/index.ts';
import type { Study, TrialResult } from '../../src/index.ts';

it('the types say what the functions give', () => {
  expectTypeOf(run('r', () => 1)).resolves.toEqualTypeOf<number>();
  expectTypeOf(run('r', async (span) => span)).resolves.toEqualTypeOf<Span>();
  expectTypeOf(stage('s', async () => 'x' as const)).resolves.toEqualTypeOf<'x'>();
  expectTypeOf(stage('s', () => {})).resolves.toEqualTypeOf<void>();
  void stage('s', () => 1, { attributes: { anything: new Map() } });
  expectTypeOf(metric).parameters.toEqualTypeOf<
    [name: string, value: number, step?: number | undefined]
  >();
  expectTypeOf(logger.child('x')).toEqualTypeOf<stagelight.Logger>();
  expectTypeOf(logger.info).parameter(0).toEqualTypeOf<string | Error>();
  expectTypeOf(childEnvironment).returns.toEqualTypeOf<stagelight.Environment>();
});

it('the parameters of a study’s trials have the type that the study says', () => {
  const search = study('s', { direction: 'maximize' }, async (search: Study<{ k: number }>) => {
    const result = await search.trial({ k: 3 }, (trial) => trial.params.k);
    expectTypeOf(result).toEqualTypeOf<TrialResult<{ k: number }>>();
    // @ts-expect-error a trial's parameters have to be the study's
    await search.trial({ depth: 3 }, () => 1).catch(() => {});
    // @ts-expect-error a trial has to give a number
    await search.trial({ k: 1 }, () => 'text').catch(() => {});
    return search.best?.params.k;
  });
  expectTypeOf(search).resolves.toEqualTypeOf<number | undefined>();
  // @ts-expect-error there are two directions
  void study('s', { direction: 'upwards' }, () => 1);
});
