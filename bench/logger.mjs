// What a call of logger.info(text) costs, against pino to a file and OpenTelemetry's stock batch processor.
// node bench/logger.mjs [rounds]     after npm run build; every case runs in a process of its own, in alternating rounds
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RECORDS = 300_000;
const WARM_UP = 100_000;
const text = (index) => `epoch ${index % 50}: train loss 0.${index} val loss 0.${index * 7}`;

/** Each gives how to log a text, how to wait until all is handed over, how many records arrived, and what to log inside of. */
const CASES = {
  'pino to a file (sync, its default)': async (folder) => {
    const { default: pino } = await import('pino');
    const path = join(folder, 'pino.log');
    const log = pino(pino.destination({ dest: path, sync: true }));
    return {
      log: (line) => log.info(line),
      flush: () => log.flush(),
      count: () => countLines(path),
    };
  },
  'pino to a file (sync, minLength 4096)': async (folder) => {
    const { default: pino } = await import('pino');
    const path = join(folder, 'pino.log');
    const destination = pino.destination({ dest: path, sync: true, minLength: 4096 });
    const log = pino(destination);
    const flush = () => destination.flushSync();
    return { log: (line) => log.info(line), flush, count: () => countLines(path) };
  },
  'stock BatchLogRecordProcessor, exporter does nothing': async () => {
    const sdk = await import('@opentelemetry/sdk-logs');
    let received = 0;
    const exporter = {
      export: (records, done) => ((received += records.length), done({ code: 0 })),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const processor = new sdk.BatchLogRecordProcessor({ exporter });
    const provider = new sdk.LoggerProvider({ processors: [processor] });
    const otel = provider.getLogger('app');
    const log = (body) => otel.emit({ severityNumber: 9, severityText: 'INFO', body });
    return { log, flush: () => provider.forceFlush(), count: () => received };
  },
  'stagelight logger': async (folder) => {
    const runDir = await createRunDir(folder);
    process.env.STAGELIGHT_RUN_DIR = runDir;
    const { logger, childEnvironment } = await import('../dist/lib/index.js');
    const inbox = join(runDir, 'inbox');
    const count = () => countEntries(join(inbox, readdirSync(inbox)[0]));
    return { log: (line) => logger.info(line), flush: () => childEnvironment(), count };
  },
  'stagelight logger, inside a stage': async (folder) => {
    const stagelight = await CASES['stagelight logger'](folder);
    const { stage } = await import('../dist/lib/index.js');
    return { ...stagelight, inside: (loop) => stage('bench', loop) };
  },
  'stagelight logger, with attributes': async (folder) => {
    const stagelight = await CASES['stagelight logger'](folder);
    const { logger } = await import('../dist/lib/index.js');
    return {
      ...stagelight,
      log: (line) => logger.info(line, { epoch: 3, loss: 0.25, split: 'train' }),
    };
  },
  'pino, with attributes': async (folder) => {
    const { default: pino } = await import('pino');
    const path = join(folder, 'pino.log');
    const log = pino(pino.destination({ dest: path, sync: true }));
    const write = (line) => log.info({ epoch: 3, loss: 0.25, split: 'train' }, line);
    return { log: write, flush: () => log.flush(), count: () => countLines(path) };
  },
};

function load(path) {
  return import(`../dist/lib/${path}.js`);
}

/** A run that is under way, of which nobody reads the inbox. */
async function createRunDir(folder) {
  const layout = await load('spool/layout');
  const { describeRun } = await load('capture/describe-run');
  const { writeRunInfo } = await load('spool/run-file');
  const { DEFAULT_LOGGING } = await load('config/defaults');
  const runId = (await load('model/ids')).createRunId();
  const runDir = layout.createRunDir(folder, runId);
  const request = { runId, runDir, command: ['bench'], cwd: folder, env: {}, join: false };
  writeRunInfo(runDir, describeRun({ ...request, name: 'bench', logging: DEFAULT_LOGGING }));
  return runDir;
}

function countLines(path) {
  return readFileSync(path, 'latin1').split('\n').length - 1;
}

/** A burst's records share entries. */
function countEntries(path) {
  const entries = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return entries
    .filter(({ type }) => type.startsWith('log'))
    .reduce((sum, { lengths }) => sum + (lengths === undefined ? 1 : atob(lengths).length / 2), 0);
}

function logMany(log, count) {
  for (let index = 0; index < count; index += 1) log(text(index));
}

async function measure(name) {
  const folder = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
  try {
    const { log, flush, count, inside = (loop) => loop() } = await CASES[name](folder);
    await inside(() => logMany(log, WARM_UP));
    await flush();
    const start = process.hrtime.bigint();
    const { user, system } = process.cpuUsage();
    await inside(() => logMany(log, RECORDS));
    await flush();
    const wallNs = Number(process.hrtime.bigint() - start) / RECORDS;
    const cpu = process.cpuUsage({ user, system });
    const cpuNs = ((cpu.user + cpu.system) * 1000) / RECORDS;
    return { wallNs, cpuNs, lost: 1 - count() / (RECORDS + WARM_UP) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function print(results) {
  const baseline = median(results.get(Object.keys(CASES)[0]).map(({ wallNs }) => wallNs));
  console.log(
    `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${process.platform}`,
  );
  console.log(
    `${RECORDS} records in one burst; medians of ${results.values().next().value.length} alternating rounds\n`,
  );
  console.log(`${'case'.padEnd(54)} ns/record   spread      CPU ns   x pino   lost`);
  for (const [name, rounds] of results) {
    const wall = rounds.map(({ wallNs }) => wallNs);
    const row = [
      median(wall).toFixed(0).padStart(9),
      `${Math.min(...wall).toFixed(0)}-${Math.max(...wall).toFixed(0)}`.padStart(12),
      median(rounds.map(({ cpuNs }) => cpuNs))
        .toFixed(0)
        .padStart(8),
      (median(wall) / baseline).toFixed(2).padStart(8),
      `${(100 * median(rounds.map(({ lost }) => lost))).toFixed(1)} %`.padStart(8),
    ];
    console.log(`${name.padEnd(54)}${row.join(' ')}`);
  }
}

if (process.argv[2] === '--case') {
  console.log(JSON.stringify(await measure(process.argv[3])));
} else {
  const rounds = Number(process.argv[2] ?? 7);
  const results = new Map(Object.keys(CASES).map((name) => [name, []]));
  const self = fileURLToPath(import.meta.url);
  statSync(new URL('../dist/lib/index.js', import.meta.url)); // built?
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, all] of results) {
      const out = execFileSync(process.execPath, [self, '--case', name], { encoding: 'utf8' });
      all.push(JSON.parse(out));
    }
  }
  print(results);
}
