import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where MLflow keeps runs when nothing is configured: relative to where the program runs. */
const DATABASE = 'mlflow.db';
const FOLDER = 'mlruns';

/**
 * The store that MLflow uses by itself for a program in a folder, if there is one: a folder with runs that is there before
 * a database, as in mlflow/tracking/_tracking_service/utils.py.
 */
export function findDefaultStore(cwd: string): string | undefined {
  if (hasRuns(join(cwd, FOLDER))) return join(cwd, FOLDER);
  const database = join(cwd, DATABASE);
  return existsSync(database) ? `sqlite:///${database}` : undefined;
}

function hasRuns(folder: string): boolean {
  try {
    return readdirSync(folder).some(
      (name) => /^\d+$/.test(name) && existsSync(join(folder, name, 'meta.yaml')),
    );
  } catch {
    return false;
  }
}
