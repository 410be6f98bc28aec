import type { Span } from '@opentelemetry/api';
import { expectTypeOf, it } from 'vitest';
import type * as stagelight from '../../src/index.ts';
import { childEnvironment, logger, metric, run, stage, study } from '../../src/index.ts';
import type { Study, TrialResult } from '../../src/index.ts';

/** What is called in here never runs: the compiler alone reads it. */
it('the types say what the functions give', () => {
  expectTypeOf(() => run('r', () => 1)).returns.resolves.toEqualTypeOf<number>();
  expectTypeOf(() => run('r', async (span) => span)).returns.resolves.toEqualTypeOf<Span>();
  expectTypeOf(() => stage('s', async () => 'x' as const)).returns.resolves.toEqualTypeOf<'x'>();
  expectTypeOf(() => stage('s', () => {})).returns.resolves.toEqualTypeOf<void>();
  expectTypeOf(() =>
    stage('s', () => 1, { attributes: { anything: new Map() } }),
  ).returns.resolves.toEqualTypeOf<number>();
  expectTypeOf(metric).parameters.toEqualTypeOf<
    [name: string, value: number, step?: number | undefined]
  >();
  expectTypeOf(() => logger.child('x')).returns.toEqualTypeOf<stagelight.Logger>();
  expectTypeOf(logger.info).parameter(0).toEqualTypeOf<string | Error>();
  expectTypeOf(childEnvironment).returns.toEqualTypeOf<stagelight.Environment>();
});

it('the parameters of a study’s trials have the type that the study says', () => {
  const search = () =>
    study('s', { direction: 'maximize' }, async (opened: Study<{ k: number }>) => {
      const result = await opened.trial({ k: 3 }, (trial) => trial.params.k);
      expectTypeOf(result).toEqualTypeOf<TrialResult<{ k: number }>>();
      // @ts-expect-error a trial's parameters have to be the study's
      await opened.trial({ depth: 3 }, () => 1);
      // @ts-expect-error a trial has to give a number
      await opened.trial({ k: 1 }, () => 'text');
      return opened.best?.params.k;
    });
  expectTypeOf(search).returns.resolves.toEqualTypeOf<number | undefined>();
  // @ts-expect-error there are two directions
  expectTypeOf(() => study('s', { direction: 'upwards' }, () => 1)).toBeFunction();
});
