import type { LoadedConfig } from '../config/load.ts';
import { MASK, SecretMasker, isSecretKey } from '../model/secrets.ts';
import { VERSION } from '../model/version.ts';
import { createDestinations } from '../sink/registry.ts';
import { findHome } from '../spool/layout.ts';
import type { Command, CommandIo } from './command.ts';
import { drawExamined } from './doctor-report.ts';
import type { Examined, Probed, Setting } from './doctor-report.ts';
import { findTools } from './doctor-tools.ts';
import { EXIT } from './exit-code.ts';
import { printJson, printText } from './print.ts';
import { readConfig } from './read-config.ts';
import { toDestinationContext } from './sending.ts';

const PROBE_MS = 30_000;

/** `stagelight doctor` */
export const doctor: Command = {
  configure(program) {
    program
      .option('--json', 'print one JSON document')
      .addHelpText(
        'after',
        '\nSends one span, one log record and one metric named "canary" to each OTLP destination, and asks MLflow for its experiments.',
      );
  },
  async run({ options, io }) {
    const loaded = await readConfig(io);
    const [tools, probed] = await Promise.all([findTools(io), probeAll(loaded, io)]);
    const examined: Examined = {
      home: findHome(io.cwd, io.env),
      file: loaded.file,
      settings: toSettings(loaded, io),
      tools,
      ...probed,
    };
    if (options['json'] === true) await printJson({ version: VERSION, ...examined }, io);
    else await printText(drawExamined(examined, io), io);
    const isFine = examined.destinations.every(({ results }) => results.every(({ isOk }) => isOk));
    return isFine && examined.faults.length === 0 ? EXIT.ok : EXIT.no;
  },
};

/** Variables that decide where runs are sent. */
const VARIABLES = /^(?:OTEL_|STAGELIGHT_)/;

/** What is in effect and doesn't come from the defaults, secrets masked. */
function toSettings({ sources }: LoadedConfig, { env }: CommandIo): Setting[] {
  const configured = sources.map(({ key, value, from }) => ({
    key,
    value: maskValue(key, value),
    from,
  }));
  const variables = Object.keys(env)
    .filter((name) => VARIABLES.test(name))
    .toSorted()
    .map((name) => ({ key: name, value: maskValue(name, env[name]), from: 'environment' }));
  return [...configured, ...variables];
}

/** Headers hold tokens whatever their names are; all else is masked by its name and its shape. */
function maskValue(key: string, value: unknown): unknown {
  if (/headers/i.test(key)) return MASK;
  if (isSecretKey(key)) return MASK;
  const masker = new SecretMasker();
  return masker.maskTree(typeof value === 'string' ? withoutQuery(value) : value, key);
}

/** An address's query may be a token. */
function withoutQuery(text: string): string {
  return /^https?:/.test(text) ? text.replace(/\?[^]*$/, `?${MASK}`) : text;
}

async function probeAll(
  loaded: LoadedConfig,
  io: CommandIo,
): Promise<Pick<Examined, 'destinations' | 'faults'>> {
  const faults: string[] = [];
  const destinations = await createDestinations(
    toDestinationContext(loaded, io),
    ({ message, hint }) => faults.push(hint === undefined ? message : `${message}: ${hint}`),
  );
  const probed = await Promise.all(
    destinations.map(async (destination): Promise<Probed> => {
      const { name, address } = destination;
      const results = (await destination.probe?.(AbortSignal.timeout(PROBE_MS))) ?? [];
      destination.close();
      return { name, address, results };
    }),
  );
  return { destinations: probed, faults };
}
