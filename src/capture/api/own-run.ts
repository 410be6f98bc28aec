import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/sections.ts';
import { toLoggingSettings } from '../../config/to-logging-settings.ts';
import { createRunId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { now, toNanoString } from '../../model/time.ts';
import { createRunDir, findHome } from '../../spool/layout.ts';
import { writeRunInfo } from '../../spool/run-file.ts';
import { describeRun } from '../describe-run.ts';
import { beginSpan } from './active-span.ts';
import type { ActiveSpan } from './active-span.ts';
import type { BegunRun, RunOutcome } from './begun-run.ts';
import { setRecording } from './current.ts';
import { encodeInboxAttributes } from './encode-entry.ts';
import { onProcessEnd, onWaiting } from './process-hooks.ts';
import { RecorderProcess } from './recorder-process.ts';
import { Recording } from './recording.ts';
import type { SpanOutcome } from './recording.ts';
import { safely } from './safely.ts';

/** A run that this process has begun itself, outside `stagelight run`. */
export class OwnRun implements BegunRun {
  readonly active: ActiveSpan;
  readonly #recording: Recording;
  readonly #recorder: RecorderProcess;
  readonly #forget: () => void;
  readonly #attributes: Attributes;
  #outcome: RunOutcome = { result: 'success' };

  /**
   * Begins a run, configured as `stagelight run` would be in this folder.
   * @throws {ConfigError} for a mistake in the configuration
   * @throws the file system's error when the run's directory can't be made
   */
  static async open(options: { name: string; attributes: Attributes }): Promise<OwnRun> {
    const { config } = await loadConfig({ cwd: process.cwd(), env: process.env });
    return new OwnRun({ ...options, config });
  }

  private constructor(options: { name: string; attributes: Attributes; config: Config }) {
    const { name, attributes, config } = options;
    const { env } = process;
    const cwd = process.cwd();
    const runId = createRunId();
    const runDir = createRunDir(findHome(cwd, env), runId);
    const info = describeRun({
      runId,
      runDir,
      command: [process.argv0, ...process.execArgv, ...process.argv.slice(1)],
      cwd,
      env,
      name,
      join: false,
      environment: config.environment,
      logging: toLoggingSettings(config),
    });
    writeRunInfo(runDir, info);
    this.#recording = new Recording({ runDir, info, base: info.rootSpanId, onWaiting });
    this.#recorder = new RecorderProcess({ runDir, env });
    setRecording(this.#recording);
    this.#attributes = attributes;
    this.active = beginSpan({ kind: 'root', name, spanId: info.rootSpanId, attributes });
    this.#forget = onProcessEnd((end) => this.#write(end));
  }

  /** Keeps how the run ends, for {@link OwnRun.finish}. */
  note(outcome: RunOutcome): RunOutcome {
    this.#outcome = outcome;
    return outcome;
  }

  /** Ends the run and waits until all of it is in its files. Never rejects. */
  async finish(): Promise<void> {
    safely(() => {
      this.#forget();
      this.#recording.end(({ kind }) => toUnfinished(kind));
      this.#write(this.#outcome);
      setRecording(undefined);
    });
    await this.#recorder.finish();
  }

  #write({ code, result, errorType, errorMessage }: RunOutcome): void {
    const time = toNanoString(now());
    const facts = JSON.stringify({ type: 'run-end', time, result, errorType, errorMessage, code });
    const attributes = encodeInboxAttributes(this.#readAttributes());
    this.#recording.add(`${facts.slice(0, -1)},"attributes":${attributes}}\n`);
    this.#recording.flush();
  }

  /** Those that `fn` has set, too. */
  #readAttributes(): Attributes {
    const { attributes = this.#attributes } = this.active.span as { attributes?: Attributes };
    return attributes;
  }
}

/** A span that is still open when its run ends was forgotten, or goes on without anyone waiting for it. */
function toUnfinished(kind: string): SpanOutcome {
  const inferred = ['end_time'];
  if (kind === 'stage') return { result: 'cancellation', inferred };
  return kind === 'trial' ? { state: 'FAIL', errorType: 'unfinished', inferred } : { inferred };
}
