import type { Penguin } from './penguin.ts';

/** What the search chooses. */
export interface Settings {
  /** How many neighbours vote. */
  readonly k: number;
  /** Whether all votes count the same, or near ones more. */
  readonly weights: 'uniform' | 'distance';
  /** The exponent of the distance: 1 for Manhattan, 2 for Euclid. */
  readonly p: number;
}

/** The species that most of a penguin's nearest neighbours are of. */
export function predict(known: readonly Penguin[], penguin: Penguin, settings: Settings): string {
  const nearest = known
    .map(({ species, features }) => ({
      species,
      distance: toDistance(features, penguin.features, settings.p),
    }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, settings.k);
  const votes = new Map<string, number>();
  for (const { species, distance } of nearest) {
    const weight = settings.weights === 'uniform' ? 1 : 1 / (distance + 1e-9);
    votes.set(species, (votes.get(species) ?? 0) + weight);
  }
  return [...votes].toSorted(([, a], [, b]) => b - a)[0]![0];
}

/** The share of `unknown` that is predicted right from `known`. */
export function toAccuracy(
  known: readonly Penguin[],
  unknown: readonly Penguin[],
  settings: Settings,
): number {
  const right = unknown.filter((each) => predict(known, each, settings) === each.species);
  return right.length / unknown.length;
}

function toDistance(a: readonly number[], b: readonly number[], p: number): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!) ** p, 0) ** (1 / p);
}
