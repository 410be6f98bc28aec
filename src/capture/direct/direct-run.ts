import { ROOT_CONTEXT, SpanKind, TraceFlags, context, trace } from '@opentelemetry/api';
import type { Attributes as SpanAttributes, Link } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { loadConfig } from '../../config/load.ts';
import { toLoggingSettings } from '../../config/to-logging-settings.ts';
import { ATTR, EVENT, SCHEMA_URL } from '../../model/attributes.ts';
import { createRunId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { SecretMasker } from '../../model/secrets.ts';
import { describeRun } from '../describe-run.ts';
import { toForeignSpan } from '../api/active-span.ts';
import type { ActiveSpan } from '../api/active-span.ts';
import { RecordSource } from '../api/emit.ts';
import type { BegunRun, RunOutcome } from '../api/begun-run.ts';
import { safely, tellOnce } from '../api/safely.ts';
import { DirectTelemetry } from './direct-telemetry.ts';

const source = new RecordSource('stagelight');
let telemetry: DirectTelemetry | undefined;

/** A run that is sent as it is made, and that nothing is kept of. */
export class DirectRun implements BegunRun {
  readonly active: ActiveSpan;
  readonly #telemetry: DirectTelemetry;
  readonly #info: RunInfo;
  readonly #timeoutMs: number;
  readonly #startMs = Date.now();
  readonly #tellLoss = (): void => this.#tell('the program has ended before');
  #outcome: RunOutcome = { result: 'success' };

  /**
   * Begins a run, described and masked as `stagelight run` would in this folder.
   * @throws {ConfigError} for a mistake in the configuration
   */
  static async open(options: { name: string; attributes: Attributes }): Promise<DirectRun> {
    const { config } = await loadConfig({ cwd: process.cwd(), env: process.env });
    const info = describeRun({
      runId: createRunId(),
      runDir: '/',
      command: [process.argv0, ...process.execArgv, ...process.argv.slice(1)],
      cwd: process.cwd(),
      env: process.env,
      name: options.name,
      join: false,
      environment: config.environment,
      logging: toLoggingSettings(config),
    });
    return new DirectRun(info, options.attributes, config.run.flush_timeout * 1000);
  }

  private constructor(info: RunInfo, attributes: Attributes, timeoutMs: number) {
    this.#telemetry = telemetry ??= new DirectTelemetry();
    this.#info = info;
    this.#timeoutMs = timeoutMs;
    const { runId, logging, rootSpanId } = info;
    const { [ATTR.pipelineRunUrl]: _none, ...resource } = info.resource;
    this.#telemetry.setRun({
      runId,
      resource: resourceFromAttributes(resource as SpanAttributes, { schemaUrl: SCHEMA_URL }),
      masker: new SecretMasker(
        logging.secretRules.map(({ name, pattern }) => ({
          name,
          pattern: new RegExp(pattern, 'g'),
        })),
      ),
    });
    this.active = this.#telemetry.withSpanId(rootSpanId, () => beginRoot(info, attributes));
    this.#event(EVENT.runStart, `run started: ${info.command.join(' ')}`, {
      [ATTR.commandArgs]: [...info.command],
    });
    process.on('exit', this.#tellLoss);
  }

  /** Keeps how the run ends, for {@link DirectRun.finish}. */
  note(outcome: RunOutcome): RunOutcome {
    this.#outcome = outcome;
    return outcome;
  }

  /** Ends the run, and waits until all of it is accepted, or the time for that is over. Never rejects. */
  async finish(): Promise<void> {
    const { spans, records } = this.#telemetry;
    safely(() => this.#endRecords());
    this.#telemetry.setRun(undefined);
    await Promise.all([spans.drain(this.#timeoutMs), records.drain(this.#timeoutMs)]);
    process.off('exit', this.#tellLoss);
    spans.clear();
    records.clear();
    this.#tell(spans.problem ?? records.problem ?? 'there were too many at once');
    spans.lostCount = 0;
    records.lostCount = 0;
  }

  #endRecords(): void {
    const { result, errorType } = this.#outcome;
    this.#event(EVENT.runEnd, `run ended: ${result}`, {
      [ATTR.pipelineResult]: result,
      ...(errorType !== undefined && { [ATTR.errorType]: errorType }),
      [ATTR.runDuration]: (Date.now() - this.#startMs) / 1000,
    });
  }

  #event(eventName: string, body: string, attributes: Attributes): void {
    context.with(this.active.context, () => source.emit({ eventName, body, attributes }));
  }

  #tell(reason: string): void {
    const { spans, records } = this.#telemetry;
    const [spanCount, recordCount] = [spans, records].map((each) => each.length + each.lostCount);
    if (spanCount === 0 && recordCount === 0) return;
    const { runId } = this.#info;
    tellOnce(
      `lost ${runId}`,
      `${recordCount} log records and ${spanCount} spans of run ${runId} are lost: ${reason}`,
    );
  }
}

function beginRoot(info: RunInfo, attributes: Attributes): ActiveSpan {
  const links: Link[] =
    info.link === undefined
      ? []
      : [
          {
            context: { ...info.link, traceFlags: TraceFlags.SAMPLED },
            attributes: { [ATTR.linkKind]: 'caller' },
          },
        ];
  const span = trace
    .getTracer('stagelight')
    .startSpan(
      `RUN ${info.pipeline}`,
      { kind: SpanKind.SERVER, links, attributes: attributes as SpanAttributes },
      ROOT_CONTEXT,
    );
  return toForeignSpan(span, { kind: 'root', name: info.pipeline, attributes: {} });
}
