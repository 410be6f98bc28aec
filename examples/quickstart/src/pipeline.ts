// Tells three species of penguins apart. Under `stagelight run` it is a part of that run; by itself it makes its own.
import { run, stage } from 'stagelight';
import { clean } from './clean.ts';
import { evaluate } from './evaluate.ts';
import { ingest } from './ingest.ts';
import { search } from './search.ts';
import { split } from './split.ts';

const SEED = 7;

await run('penguins', async () => {
  const rows = await stage('ingest', ingest);
  const penguins = await stage('clean', () => clean(rows));
  const parts = await stage('split', () => split(penguins, SEED), { attributes: { seed: SEED } });
  const settings = await stage('search', () => search(parts.train));
  await stage('evaluate', (span) => {
    span.setAttribute('accuracy', evaluate(parts, settings));
  });
});
