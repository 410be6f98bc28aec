import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHome } from '../../spool/layout.ts';

/** What a project remembers of MLflow from one run to the next: `mlflow.json` in its home folder. */
interface Memory {
  /** Servers that didn't answer, and until when they aren't asked again before a run starts (Unix ms). */
  readonly dead?: Readonly<Record<string, number>>;
  /** Where a pipeline's own runs were found, by server and pipeline. */
  readonly experiments?: Readonly<Record<string, string>>;
}

const DEAD_MS = 5 * 60_000;

export function isKnownDead(home: string, url: string): boolean {
  return (read(home).dead?.[url] ?? 0) > Date.now();
}

export function rememberDead(home: string, url: string): void {
  const { dead, ...rest } = read(home);
  const still = Object.entries(dead ?? {}).filter(([, untilMs]) => untilMs > Date.now());
  write(home, { ...rest, dead: { ...Object.fromEntries(still), [url]: Date.now() + DEAD_MS } });
}

/** It answers: it may be asked again. */
export function forgetDead(home: string, url: string): void {
  const { dead, ...rest } = read(home);
  if (dead?.[url] === undefined) return;
  const { [url]: _, ...others } = dead;
  write(home, { ...rest, dead: others });
}

export interface PipelinePlace {
  readonly place: string;
  readonly pipeline: string;
}

/** The experiment in which a pipeline's own runs were the last time. */
export function recallExperiment(home: string, of: PipelinePlace): string | undefined {
  return read(home).experiments?.[toKey(of)];
}

export function rememberExperiment(home: string, of: PipelinePlace, experimentId: string): void {
  const memory = read(home);
  if (memory.experiments?.[toKey(of)] === experimentId) return;
  write(home, { ...memory, experiments: { ...memory.experiments, [toKey(of)]: experimentId } });
}

function toKey({ place, pipeline }: PipelinePlace): string {
  return `${place} ${pipeline}`;
}

function read(home: string): Memory {
  try {
    const memory = JSON.parse(readFileSync(toPath(home), 'utf8')) as Memory | null;
    return typeof memory === 'object' && memory !== null ? memory : {};
  } catch {
    return {};
  }
}

/** Written by whoever comes last: what is lost by that is learnt again. */
function write(home: string, memory: Memory): void {
  try {
    createHome(home); // before a project's first run there is none
    const temporary = `${toPath(home)}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(memory, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, toPath(home));
  } catch {
    // Remembering only saves time.
  }
}

function toPath(home: string): string {
  return join(home, 'mlflow.json');
}
