import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { FILE } from '../../spool/layout.ts';
import { readSpans } from '../../spool/signal-reader.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import { askStores } from './ask-stores.ts';
import { SQLITE, judge } from './asked.ts';
import type { Asked, FoundRunId } from './asked.ts';
import { findFlows } from './flows.ts';
import { findStudies } from './studies.ts';

export interface RunIdRequest {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly env: NodeJS.ProcessEnv;
  /** The Python script that reads stores; without it they are `unknown`. */
  readonly script: string | undefined;
}

const MAX_FOUND = 200;

/**
 * Looks into the stores of the tools that took part in a run for the run's ID: DVC's stages (their environment), Hydra's
 * output folders, Optuna's studies, Prefect's flow runs (its server's, too), MLflow's local database. Tools that left no trace in the run
 * aren't in the answer. (MLflow servers are asked by MLflow's own part of `verify`.)
 */
export async function findRunIds(request: RunIdRequest): Promise<FoundRunId[]> {
  const spans = [...readSpans(join(request.runDir, FILE.traces))];
  const asked = [
    ...findStudies(request, spans),
    ...findFlows(request, spans),
    ...findMlflow(request),
  ].slice(0, MAX_FOUND);
  const stores = asked.flatMap(({ store }) => store ?? []);
  const answers = await askStores({ ...request, runId: request.info.runId, stores });
  const judged = asked.map(async (each) => {
    const { found, store, ask } = each;
    if (store === undefined) return [found];
    const answer = answers[stores.indexOf(store)]!;
    const isKnown = (answer.known ?? 0) > 0;
    // A database without any of the run's is one of other projects.
    if (found.tool === 'mlflow' && !isKnown) return [];
    return [{ ...found, ...judge(isKnown || ask === undefined ? answer : await ask()) }];
  });
  return [
    ...findStages(spans),
    ...findHydra(request, spans),
    ...(await Promise.all(judged)).flat(),
  ];
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

/** MLflow's default without a server is a database in the working directory. */
function findMlflow({ info, env }: RunIdRequest): Asked[] {
  const file = SQLITE.exec(env['MLFLOW_TRACKING_URI'] ?? 'sqlite:///mlflow.db')?.[1];
  if (file === undefined) return [];
  const path = resolve(info.cwd, file);
  if (!existsSync(path)) return [];
  const found = { tool: 'mlflow' as const, where: path, carries: 'unknown' as const, detail: '' };
  return [{ found, store: { tool: 'mlflow', kind: 'sqlite', place: path, name: '' } }];
}
