import { logger } from 'stagelight';
import type { Penguin } from './penguin.ts';
import { shuffle } from './random.ts';

export interface Split {
  readonly train: readonly Penguin[];
  readonly test: readonly Penguin[];
}

/** Puts a quarter aside for the test, and scales all features to those of the rest: mean 0, deviation 1. */
export function split(penguins: readonly Penguin[], seed: number): Split {
  const shuffled = shuffle(penguins, seed);
  const testCount = Math.round(shuffled.length / 4);
  const [test, train] = [shuffled.slice(0, testCount), shuffled.slice(testCount)];
  const scale = createScale(train);
  logger.info('scaled and split', { train: train.length, test: test.length, seed });
  return { train: train.map(scale), test: test.map(scale) };
}

function createScale(penguins: readonly Penguin[]): (penguin: Penguin) => Penguin {
  const columns = penguins[0]!.features.map((_, column) =>
    penguins.map(({ features }) => features[column]!),
  );
  const means = columns.map(toMean);
  const deviations = columns.map((values, column) =>
    Math.sqrt(toMean(values.map((value) => (value - means[column]!) ** 2))),
  );
  return ({ species, features }) => ({
    species,
    features: features.map((value, column) => (value - means[column]!) / deviations[column]!),
  });
}

function toMean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
