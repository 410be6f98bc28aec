import { logger, metric } from 'stagelight';
import type { Row } from './ingest.ts';
import { FEATURES } from './penguin.ts';
import type { Penguin } from './penguin.ts';

const log = logger.child('clean');

/** Leaves out penguins of which something wasn't measured. */
export function clean(rows: readonly Row[]): Penguin[] {
  const penguins: Penguin[] = [];
  for (const [index, row] of rows.entries()) {
    const missing = FEATURES.filter((column) => !Number.isFinite(Number(row[column])));
    if (missing.length > 0) {
      log.warn(`row ${index + 1} is left out`, { missing, species: row['species'] });
      continue;
    }
    penguins.push({
      species: row['species'] ?? '',
      features: FEATURES.map((column) => Number(row[column])),
    });
  }
  metric('rows_left_out', rows.length - penguins.length);
  console.log(`clean: ${penguins.length} of ${rows.length} penguins are complete`);
  return penguins;
}
