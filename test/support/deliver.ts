import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_CONFIG } from '../../src/config/defaults.ts';
import type { Delivery, Destination, StepOutcome } from '../../src/sink/destination.ts';
import { createMlflowDestination } from '../../src/sink/mlflow/mlflow.ts';
import { readMlflowSettings } from '../../src/sink/mlflow/settings.ts';
import { readRunInfo } from '../../src/spool/run-file.ts';

/** MLflow as a destination, as the environment alone configures it. */
export function createMlflow(env: NodeJS.ProcessEnv, config = {}): Destination {
  return createMlflowDestination(readMlflowSettings({ ...DEFAULT_CONFIG.mlflow, ...config }, env));
}

/** Opens a run directory for a destination. */
export function openRunFor(destination: Destination, runDir: string): Delivery {
  const info = readRunInfo(runDir);
  if (info === undefined) throw new Error(`no run in ${runDir}`);
  return destination.open({ runDir, info });
}

/** Sends until all is sent, or nothing is accepted; gives every outcome. */
export async function deliver(delivery: Delivery, maxWaits = 0): Promise<StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  let waits = 0;
  for (;;) {
    const outcome = await delivery.step(new AbortController().signal);
    outcomes.push(outcome);
    if (outcome.type === 'sent') continue;
    if (outcome.type !== 'wait' || (waits += 1) > maxWaits) return outcomes;
    await sleep(Math.max(0, outcome.atMs - Date.now()));
  }
}
