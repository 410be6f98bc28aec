import { logger, metric } from 'stagelight';
import { predict } from './knn.ts';
import type { Settings } from './knn.ts';
import type { Split } from './split.ts';

/** How good the best settings are on penguins that the search has never seen. */
export function evaluate({ train, test }: Split, settings: Settings): number {
  const results = test.map((penguin) => ({
    species: penguin.species,
    predicted: predict(train, penguin, settings),
  }));
  for (const { species, predicted } of results) {
    if (predicted !== species) logger.warn(`took a ${species} for a ${predicted}`);
  }
  for (const species of new Set(results.map((result) => result.species))) {
    const own = results.filter((result) => result.species === species);
    const right = own.filter(({ predicted }) => predicted === species);
    metric(`recall/${species}`, right.length / own.length);
  }
  const accuracy = results.filter((each) => each.species === each.predicted).length / test.length;
  metric('accuracy', accuracy);
  console.log(`evaluate: ${(100 * accuracy).toFixed(1)} % of ${test.length} are right`);
  return accuracy;
}
