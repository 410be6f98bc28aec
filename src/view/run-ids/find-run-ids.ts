import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { FILE } from '../../spool/layout.ts';
import { readSpans } from '../../spool/signal-reader.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import { askSqlite } from './ask-sqlite.ts';
import type { SqliteStore } from './ask-sqlite.ts';

/** What one tool's own store has of a run's ID. */
export interface FoundRunId {
  readonly tool: 'dvc' | 'hydra' | 'mlflow' | 'optuna' | 'prefect';
  /** What was looked at: a study, a flow run, an output folder, a database. */
  readonly where: string;
  /** `unknown`: it couldn't be looked at; `detail` says why. */
  readonly carries: 'yes' | 'no' | 'unknown';
  readonly detail: string;
}

export interface RunIdRequest {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly env: NodeJS.ProcessEnv;
  /** The script that reads SQLite stores; without it they are `unknown`. */
  readonly script: string | undefined;
}

const SQLITE = /^sqlite(?:\+\w+)?:\/\/\/(.+)$/;
const MAX_FOUND = 200;

/**
 * Looks into the stores of the tools that took part in a run for the run's ID: DVC's stages (their environment), Hydra's
 * output folders, Optuna's studies, Prefect's flow runs, MLflow's local database. Tools that left no trace in the run
 * aren't in the answer. (MLflow servers are asked by MLflow's own part of `verify`.)
 */
export async function findRunIds(request: RunIdRequest): Promise<FoundRunId[]> {
  const spans = [...readSpans(join(request.runDir, FILE.traces))];
  const sqlite = [
    ...findStudies(request, spans),
    ...findFlows(request, spans),
    ...findMlflow(request),
  ];
  const asked = sqlite.slice(0, MAX_FOUND);
  const stores = asked.flatMap(({ store }) => store ?? []);
  const answers = await askSqlite({ ...request, runId: request.info.runId, stores });
  return [
    ...findStages(spans),
    ...findHydra(request, spans),
    ...asked.flatMap(({ store, found }) => {
      if (store === undefined) return [found];
      const answer = answers[stores.indexOf(store)];
      // A database without any of the run's is one of other projects.
      if (found.tool === 'mlflow' && (answer?.known ?? 0) === 0) return [];
      return [{ ...found, ...judge(answer) }];
    }),
  ];
}

interface Asked {
  readonly found: FoundRunId;
  readonly store?: SqliteStore;
}

function judge(
  answer: { known?: number; carrying?: number; problem?: string } | undefined,
): Pick<FoundRunId, 'carries' | 'detail'> {
  const { known = 0, carrying = 0, problem } = answer ?? { problem: 'python3 gave no answer' };
  if (problem !== undefined) return { carries: 'unknown', detail: problem };
  if (known === 0) return { carries: 'unknown', detail: 'it is not there any more' };
  return carrying > 0
    ? { carries: 'yes', detail: 'stagelight.run_id' }
    : { carries: 'no', detail: 'it has no stagelight.run_id of this run' };
}

function findStages(spans: readonly StoredSpan[]): FoundRunId[] {
  const stages = spans.filter(({ attributes }) => attributes[ATTR.dvcStage] !== undefined);
  const ran = stages.filter(({ attributes }) => attributes[ATTR.dvcOutcome] === 'ran').length;
  if (ran === 0) return [];
  const experiment = spans.find(({ attributes }) => attributes[ATTR.dvcExperiment] !== undefined);
  const name = experiment?.attributes[ATTR.dvcExperiment];
  const where = ran === 1 ? '1 stage' : `${ran} stages`;
  const detail =
    name === undefined
      ? 'STAGELIGHT_RUN_ID in the environment'
      : `STAGELIGHT_RUN_ID in the environment; the run knows experiment ${String(name)}`;
  return [{ tool: 'dvc', where, carries: 'yes', detail }];
}

/** Hydra's composed configuration, or its log, has it where `oc.env` or a format puts it there. */
function findHydra({ info }: RunIdRequest, spans: readonly StoredSpan[]): FoundRunId[] {
  const folders = new Set(
    spans.flatMap(({ attributes }) => {
      const folder = attributes[ATTR.hydraRunDir];
      return typeof folder === 'string' ? [resolve(info.cwd, folder)] : [];
    }),
  );
  return [...folders].slice(0, MAX_FOUND).map((where) => {
    const found = { tool: 'hydra' as const, where };
    if (!existsSync(where))
      return { ...found, carries: 'unknown' as const, detail: 'it is not there any more' };
    const file = [join(where, '.hydra'), where]
      .flatMap(listFiles)
      .find((path) => hasText(path, info.runId));
    return file === undefined
      ? {
          ...found,
          carries: 'no' as const,
          detail: '`stagelight init hydra` puts it into every line',
        }
      : { ...found, carries: 'yes' as const, detail: file.slice(where.length + 1) };
  });
}

function listFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder, { withFileTypes: true });
    return names
      .filter((entry) => entry.isFile() && /\.(?:yaml|log)$/.test(entry.name))
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}

const MAX_FILE_BYTES = 8 * 1024 * 1024;

function hasText(path: string, text: string): boolean {
  try {
    return readFileSync(path).subarray(0, MAX_FILE_BYTES).includes(text);
  } catch {
    return false;
  }
}

function findStudies({ info }: RunIdRequest, spans: readonly StoredSpan[]): Asked[] {
  const studies = spans.filter(({ name }) => name === 'study');
  return studies.map(({ attributes }) => {
    const name = String(attributes[ATTR.studyName]);
    const storage = attributes[ATTR.studyStorage];
    const found = { tool: 'optuna' as const, where: `study ${name}`, carries: 'unknown' as const };
    if (typeof storage !== 'string')
      return { found: { ...found, detail: 'its storage is not known' } };
    const file = SQLITE.exec(storage)?.[1];
    if (file !== undefined) {
      const path = isAbsolute(file) ? file : resolve(info.cwd, file);
      return { found: { ...found, detail: '' }, store: { tool: 'optuna', path, name } };
    }
    const detail =
      storage === 'InMemoryStorage'
        ? 'in memory: it was gone with its process'
        : `${storage} can't be looked into from here`;
    return { found: { ...found, detail } };
  });
}

function findFlows({ env }: RunIdRequest, spans: readonly StoredSpan[]): Asked[] {
  const flows = spans.filter(
    ({ attributes }) =>
      attributes[ATTR.prefectFlowRunId] !== undefined &&
      attributes[ATTR.prefectTaskRunId] === undefined,
  );
  const url = env['PREFECT_API_DATABASE_CONNECTION_URL'] ?? '';
  const home = env['PREFECT_HOME'] ?? join(homedir(), '.prefect');
  const path = SQLITE.exec(url)?.[1] ?? join(home, 'prefect.db');
  return flows.map(({ attributes }) => {
    const name = String(attributes[ATTR.prefectFlowRunId]);
    const where = `flow run ${String(attributes[ATTR.prefectFlowRunName] ?? name)}`;
    const found = { tool: 'prefect' as const, where, carries: 'unknown' as const, detail: '' };
    return { found, store: { tool: 'prefect', path, name } };
  });
}

/** MLflow's default without a server is a database in the working directory. */
function findMlflow({ info, env }: RunIdRequest): Asked[] {
  const file = SQLITE.exec(env['MLFLOW_TRACKING_URI'] ?? 'sqlite:///mlflow.db')?.[1];
  if (file === undefined) return [];
  const path = resolve(info.cwd, file);
  if (!existsSync(path)) return [];
  const found = { tool: 'mlflow' as const, where: path, carries: 'unknown' as const, detail: '' };
  return [{ found, store: { tool: 'mlflow', path, name: '' } }];
}
