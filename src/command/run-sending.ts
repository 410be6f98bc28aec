import { toReport } from '../ship/report.ts';
import type { DeliveryReport } from '../ship/report.ts';
import type { SentRun } from '../sink/destination.ts';
import { createDestinations } from '../sink/registry.ts';
import { listCursors } from '../spool/cursor-file.ts';
import { loadConfig } from '../config/load.ts';
import type { CommandIo } from './command.ts';
import { toDestinationContext } from './sending.ts';

/**
 * How far a run has come with the destinations that it was sent to, as far as they are still configured. Asks nobody.
 * What can't be read says nothing: this stands beside other things.
 */
export async function readSending(run: SentRun, io: CommandIo): Promise<DeliveryReport[]> {
  const names = listCursors(run.runDir);
  if (names.length === 0) return [];
  try {
    const loaded = await loadConfig({ cwd: io.cwd, env: io.env });
    const destinations = await createDestinations(toDestinationContext(loaded, io), () => {});
    return destinations
      .filter(({ name }) => names.includes(name))
      .map((destination) => {
        const delivery = destination.open(run);
        const report = toReport(destination, { delivery, problem: undefined, leftoverCount: 0 });
        delivery.close();
        destination.close();
        return report;
      });
  } catch {
    return [];
  }
}
