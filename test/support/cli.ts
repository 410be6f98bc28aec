import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { RunInfo } from '../../src/model/run-info.ts';
import { FILE } from '../../src/spool/layout.ts';
import { readRunInfo } from '../../src/spool/run-file.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import type { StoredRecord, StoredSpan } from '../../src/spool/signal-reader.ts';

/** The built command line. */
export const CLI = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

/** The environment of a user's machine: nothing of the test runner's, nothing that changes how Python prints. */
export function createEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  // On a loaded machine Prefect's own server takes longer to start than the 20 s that Prefect waits for it.
  const prefect = {
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: '240',
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false', // it fails without a network, at times with a traceback
  };
  return { PATH, HOME, LANG: LANG ?? 'C.UTF-8', TZ: 'UTC', ...prefect, ...more };
}

interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
}

const TEXT = { reject: false, extendEnv: false, stdin: 'ignore' } as const;
const BYTES = { ...TEXT, encoding: 'buffer', stripFinalNewline: false } as const;

/** Runs the built `stagelight` in a folder. Never rejects: a code other than 0 is a result like any other. */
export function stagelight(cwd: string, args: readonly string[], { env }: CliOptions = {}) {
  return execa(process.execPath, [CLI, ...args], { ...TEXT, cwd, env: createEnv(env) });
}

/** The same, with what was printed as bytes. */
export function stagelightBytes(cwd: string, args: readonly string[]) {
  return execa(process.execPath, [CLI, ...args], { ...BYTES, cwd, env: createEnv() });
}

export interface RecordedRun {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly spans: readonly StoredSpan[];
  readonly records: readonly StoredRecord[];
  /** The records of what was printed: no events. */
  readonly lines: readonly StoredRecord[];
}

/** The directories of the runs in a project, the newest first. */
export function findRunDirs(project: string): string[] {
  const runs = join(project, '.stagelight', 'runs');
  return readdirSync(runs)
    .map((name) => join(runs, name))
    .toSorted((a, b) => statSync(b).birthtimeMs - statSync(a).birthtimeMs);
}

/** Reads a run of a project from its files, the newest by default. */
export function readRun(project: string, index = 0): RecordedRun {
  const runDir = findRunDirs(project)[index];
  if (runDir === undefined) throw new Error(`no run ${index} in ${project}`);
  const info = readRunInfo(runDir);
  if (info === undefined) throw new Error(`no run.json in ${runDir}`);
  const records = [...readRecords(join(runDir, FILE.logs))];
  return {
    runDir,
    info,
    spans: [...readSpans(join(runDir, FILE.traces))],
    records,
    lines: records.filter(({ eventName }) => eventName === undefined),
  };
}

/** The text of each line that was printed on a stream, as it was printed. */
export function toPrinted(run: RecordedRun, stream?: 'stdout' | 'stderr'): string[] {
  return run.lines
    .filter(({ attributes }) => stream === undefined || attributes['log.iostream'] === stream)
    .map(({ body, attributes }) => String(attributes['log.record.original'] ?? body));
}
