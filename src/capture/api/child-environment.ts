import { getRecording } from './current.ts';
import { getParentId } from './active-span.ts';
import { safely } from './safely.ts';

/** Environment variables by name, as `process.env` has them. */
export type Environment = Record<string, string | undefined>;

/**
 * The environment for a child process or worker thread that is to be part of the run: `env` with `TRACEPARENT` of the
 * stage or trial that this is called in, and the run's directory. Outside a run it is a copy of `env`.
 *
 * Inside `stagelight run` children that get no environment of their own are part of the run too, but lie beside this
 * process's stages, not inside.
 *
 * @param env what it is made from; isn't changed. @default process.env
 *
 * @example
 * ```ts
 * await stage('train', () => execFileSync('python', ['train.py'], { env: childEnvironment() }));
 * ```
 */
export function childEnvironment(env: Environment = process.env): Environment {
  const recording = safely(getRecording);
  if (recording === undefined) return { ...env };
  recording.flush(); // the child's entries come after those of the stage that it is in
  const { traceId, runId } = recording.info;
  return {
    ...env,
    TRACEPARENT: `00-${traceId}-${getParentId(recording)}-01`,
    STAGELIGHT_RUN_ID: runId,
    STAGELIGHT_RUN_DIR: recording.runDir,
  };
}
