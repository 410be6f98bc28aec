import type { Destination } from '../sink/destination.ts';
import { findLeftovers, hasRest, openEnded } from '../ship/leftovers.ts';
import { pushRuns } from '../ship/push.ts';
import type { PushedRun } from '../ship/push.ts';
import { findHome } from '../spool/layout.ts';
import { listRuns } from '../spool/run-file.ts';
import { openRun } from '../view/open-run.ts';
import { toShortId } from '../view/short-id.ts';
import { createPaint } from '../view/text/paint.ts';
import { formatBytes, formatCount } from '../view/text/units.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { RUN_ARGUMENT, requireRun } from './named-run.ts';
import { openDestinations } from './open-destinations.ts';
import { printText } from './print.ts';
import { describeReport, explainReport } from './sending.ts';

interface PushCommandOptions {
  readonly all?: boolean;
  readonly to?: string;
  readonly timeout: string;
}

/** `stagelight push [run...]` */
export const push: Command = {
  configure(program) {
    program
      .argument('[run...]', `${RUN_ARGUMENT}; one that is sent already is sent again`)
      .option(
        '--all',
        'send all runs that are here, also those made before there was a destination',
      )
      .option('--to <name>', 'send to this destination only (default: to all)')
      .option('--timeout <seconds>', 'give up when nothing was accepted for so long', '30')
      .addHelpText('after', '\nWithout a run: what earlier runs have left to send, oldest first.');
  },
  async run({ args, options, io }) {
    const given = options as unknown as PushCommandOptions;
    if (given.all && args.length > 0) throw new UsageError('either runs or --all');
    const patienceMs = toMs(given.timeout);
    const destinations = await openDestinations(io, given.to);
    const named = await Promise.all(args.map(async (name) => requireRun(name, io)));
    const stop = new AbortController();
    const pushed = await Promise.all(
      destinations.map(async (destination) => {
        const home = findHome(io.cwd, io.env);
        const runs = given.all
          ? await openEnded(listRuns(home).toReversed(), openRun)
          : named.length > 0
            ? named
            : undefined;
        const chosen = runs ?? (await findLeftovers(destination, { home, openRun }));
        const rest = chosen.filter((run) => hasRest(destination, run));
        // Of runs that were named: when nothing is left of them, somebody wants them sent again.
        const isAgain = named.length > 0 && rest.length === 0;
        return pushRuns({
          destination,
          runs: isAgain ? chosen : rest,
          patienceMs,
          isAgain,
          signal: stop.signal,
        });
      }),
    );
    for (const destination of destinations) destination.close();
    return report({ destinations, pushed, io });
  },
};

function toMs(seconds: string): number {
  const ms = Number(seconds) * 1000;
  if (seconds.trim() !== '' && ms >= 0 && ms <= 7 * 86_400_000) return ms;
  throw new UsageError(`--timeout takes seconds: ${seconds}`);
}

/** A line for each run and destination; the code says whether anything is left. */
async function report({
  destinations,
  pushed,
  io,
}: {
  destinations: readonly Destination[];
  pushed: readonly (readonly PushedRun[])[];
  io: CommandIo;
}): Promise<number> {
  const paint = createPaint(io.stdout, io.env);
  const lines: string[] = [];
  let isLeft = false;
  for (const [index, { name }] of destinations.entries()) {
    const runs = pushed[index]!;
    if (runs.length === 0) lines.push(`nothing to send to ${name}`);
    for (const { run, report: one, sentBytes } of runs) {
      lines.push(
        `${toShortId(run.info.runId)}  ${describeReport(one, paint)} (${formatBytes(sentBytes)} now)`,
      );
      isLeft ||= one.pendingBytes > 0 || one.problem !== undefined;
    }
    const unsent = runs.filter(({ report: one }) => one.problem !== undefined);
    const told = unsent[0] ?? runs.find(({ report: one }) => one.refusedCount > 0);
    if (told !== undefined) lines.push(...explainReport(told.report).map((line) => `  ${line}`));
    if (unsent.length > 1) lines.push(`  ${formatCount(unsent.length, 'run')} in all`);
  }
  await printText(`${lines.join('\n')}\n`, io);
  return isLeft ? EXIT.no : EXIT.ok;
}
