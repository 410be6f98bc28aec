import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseTraceparent } from '../describe-run.ts';
import { isRunning, readRunInfo } from '../../spool/run-file.ts';
import { onWaiting, watchProcess } from './process-hooks.ts';
import { toLogRecord } from './record-draft.ts';
import { Recording } from './recording.ts';
import { safely } from './safely.ts';
import { createTelemetry } from './telemetry.ts';
import type { Telemetry } from './telemetry.ts';

let recording: Recording | undefined;
let telemetry: Telemetry | undefined;
let hasLooked = false;

/**
 * The run that this process records into: that of `stagelight run` around it (looked for once, at the first call), or the
 * one that `run()` began. `undefined`: none, and nothing is recorded.
 */
export function getRecording(): Recording | undefined {
  if (recording === undefined && !hasLooked) {
    hasLooked = true;
    recording = safely(() => joinOuterRun(process.env));
    if (recording !== undefined) watch();
  }
  return recording;
}

/** From now on this process records into `begun`; `undefined` ends that. */
export function setRecording(begun: Recording | undefined): void {
  hasLooked = true;
  recording = begun;
  if (begun !== undefined) watch();
}

/** OpenTelemetry's providers, made at the first call inside a run: a program that isn't recorded keeps its own. */
export function getTelemetry(): Telemetry {
  telemetry ??= createTelemetry(getRecording);
  return telemetry;
}

function watch(): void {
  watchProcess({
    getRecording,
    emit: (draft) => getTelemetry().loggerProvider.getLogger('stagelight').emit(toLogRecord(draft)),
  });
}

function joinOuterRun(env: NodeJS.ProcessEnv): Recording | undefined {
  const runDir = env['STAGELIGHT_RUN_DIR'];
  if (runDir === undefined || runDir === '' || !existsSync(runDir)) return undefined;
  const info = readRunInfo(runDir);
  // A variable that outlived its run, as in a shell that was started in it.
  if (info === undefined || !isRunning(runDir, info)) return undefined;
  const parent = parseTraceparent(env['TRACEPARENT']);
  const base = parent?.traceId === info.traceId ? parent.spanId : info.rootSpanId;
  return new Recording({ runDir: resolve(runDir), info, base, onWaiting });
}
