import { readFileSync } from 'node:fs';
import { logger } from 'stagelight';

/** One row of the file, by column. */
export type Row = Readonly<Record<string, string>>;

const DATA = new URL('../data/penguins.csv', import.meta.url);

/** Reads the file as it is. */
export function ingest(): Row[] {
  const [head = '', ...lines] = readFileSync(DATA, 'utf8').trim().split('\n');
  const columns = head.split(',');
  logger.info(`read ${lines.length} rows`, { columns });
  return lines.map((line) => {
    const values = line.split(',');
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
  });
}
