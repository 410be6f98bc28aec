import { setTimeout as sleep } from 'node:timers/promises';
import { readDeclared } from '../ship/declared.ts';
import type { Declared } from '../ship/declared.ts';
import { compareStore } from '../ship/verify.ts';
import type { Comparison } from '../ship/verify.ts';
import type { Destination, SentRun } from '../sink/destination.ts';
import { findStores } from '../sink/store/find-stores.ts';
import type { Store } from '../sink/store/store.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { RUN_ARGUMENT, requireRun } from './named-run.ts';
import { createConfigured } from './open-destinations.ts';
import { printJson, printText } from './print.ts';
import { readConfig } from './read-config.ts';
import { toDestinationContext } from './sending.ts';
import { askTools, drawRunIds } from './verify-ids.ts';
import { askMlflow, drawMlflow, toServerRunIds } from './verify-mlflow.ts';
import { drawVerified, isComplete, isWholeEverywhere, toVerifiedJson } from './verify-report.ts';
import type { Repaired } from './verify-report.ts';

interface VerifyOptions {
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly wait: string;
}

const HINT =
  'say where they are, in stagelight.yaml: verify: {jaeger: "http://localhost:16686", loki: "http://localhost:3100", files: collector-data/runs}';
const LOOK_AGAIN_MS = 500;

/** `stagelight verify [run]` */
export const verify: Command = {
  configure(program) {
    program
      .argument('[run]', RUN_ARGUMENT, 'latest')
      .option('--repair', 'send what is missing, and ask again')
      .option('--wait <seconds>', 'how long what is under way may take to arrive', '5')
      .option('--json', 'print one JSON document')
      .addHelpText('after', '\nThe exit code is 0 only when nothing is missing.');
  },
  async run({ args, options, io }) {
    const { repair = false, json = false, wait } = options as unknown as VerifyOptions;
    const waitMs = toMs(wait);
    const run = await requireRun(args[0], io);
    const context = toDestinationContext(await readConfig(io), io);
    const destinations = await createConfigured(context);
    const stores = await findStores(context, destinations);
    const mlflow = await askMlflow(run, context);
    const ids = [...(await askTools(run, io)), ...toServerRunIds(mlflow)];
    const declared = readDeclared(run.runDir);
    const asked = { run, declared, stores, waitMs };
    let compared = await ask(asked);
    const repaired = repair ? await sendMissing({ run, destinations, compared }) : undefined;
    if (repaired !== undefined && repaired.sentCount > 0) compared = await ask(asked);
    for (const destination of destinations) destination.close();
    const verified = { run, declared, compared, repaired, ids, mlflow };
    if (json) await printJson(toVerifiedJson(verified), io);
    else if (stores.length + ids.length > 0 || mlflow !== undefined)
      await printText(
        drawVerified(verified, io) + drawRunIds(ids, io) + drawMlflow(mlflow, io),
        io,
      );
    if (stores.length === 0 && mlflow === undefined)
      throw new UsageError('there is nothing to ask what has arrived', HINT);
    return isWholeEverywhere(verified) ? EXIT.ok : EXIT.no;
  },
};

function toMs(seconds: string): number {
  const ms = Number(seconds) * 1000;
  if (seconds.trim() !== '' && ms >= 0 && ms <= 3_600_000) return ms;
  throw new UsageError(`--wait takes seconds, up to 3600: ${seconds}`);
}

/** Asks all stores, again and again while something is missing and there is time. */
async function ask(options: {
  run: SentRun;
  declared: Declared;
  stores: readonly Store[];
  waitMs: number;
}): Promise<readonly Comparison[]> {
  const { stores, waitMs } = options;
  const untilMs = Date.now() + waitMs;
  for (;;) {
    const compared = await Promise.all(stores.map(async (store) => compareStore(store, options)));
    const all = compared.flat();
    if (all.every(isComplete) || Date.now() + LOOK_AGAIN_MS > untilMs) return all;
    await sleep(LOOK_AGAIN_MS);
  }
}

/** Sends what any store lacks to all destinations: which of them stands before which store, nobody says. */
async function sendMissing({
  run,
  destinations,
  compared,
}: {
  run: SentRun;
  destinations: readonly Destination[];
  compared: readonly Comparison[];
}): Promise<Repaired> {
  const lacking = compared.filter((each) => !isComplete(each) && each.fault === undefined);
  if (lacking.length === 0) return { sentCount: 0, problems: [] };
  if (destinations.length === 0) {
    return { sentCount: 0, problems: ['there is no destination to send to'] };
  }
  const results = await Promise.all(
    destinations.map(async (destination) => ({
      name: destination.name,
      ...(await destination.repair?.({
        run,
        isMissing: (signal, key) =>
          lacking.some((each) => each.signal === signal && each.isMissing(key)),
        patienceMs: 30_000,
        signal: new AbortController().signal,
      })),
    })),
  );
  return {
    sentCount: results.reduce((sum, { sentCount = 0 }) => sum + sentCount, 0),
    problems: results.flatMap(({ name, problem }) =>
      problem === undefined ? [] : [`${name}: ${problem}`],
    ),
  };
}
