import { logger, study } from 'stagelight';
import type { Study, Trial } from 'stagelight';
import { toAccuracy } from './knn.ts';
import type { Settings } from './knn.ts';
import type { Penguin } from './penguin.ts';

const FOLDS = 5;

/** Tries all settings, each by cross-validation, and gives the best. */
export async function search(penguins: readonly Penguin[]): Promise<Settings> {
  return await study('knn', { direction: 'maximize' }, async (knn: Study<Settings>) => {
    for (const settings of listSettings()) {
      await knn.trial(settings, (trial) => crossValidate(penguins, trial, knn.best?.value));
    }
    const { number, value, params } = knn.best!;
    logger.info(`the best trial is ${number}`, { value, ...params });
    return params;
  });
}

function listSettings(): Settings[] {
  const settings: Settings[] = [];
  for (const k of [1, 2, 3, 5, 9, 15, 41, 101])
    for (const weights of ['uniform', 'distance'] as const)
      for (const p of [1, 2]) settings.push({ k, weights, p });
  return settings;
}

/** The mean accuracy over the folds; given up when it is clearly worse than the best. */
function crossValidate(
  penguins: readonly Penguin[],
  trial: Trial<Settings>,
  best: number | undefined,
): number {
  let sum = 0;
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const unknown = penguins.filter((_, index) => index % FOLDS === fold);
    const known = penguins.filter((_, index) => index % FOLDS !== fold);
    sum += toAccuracy(known, unknown, trial.params);
    const mean = sum / (fold + 1);
    trial.report(mean, fold);
    if (fold >= 1 && mean < (best ?? 0) - 0.04) trial.prune();
  }
  console.log(`search: trial ${trial.number}: ${(sum / FOLDS).toFixed(4)}`);
  return sum / FOLDS;
}
