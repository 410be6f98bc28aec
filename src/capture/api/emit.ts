import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import type { LogRecord, Logger as OtelLogger } from '@opentelemetry/api-logs';
import { now } from '../../model/time.ts';
import { getRecording, getTelemetry } from './current.ts';
import { toLogContext } from './own-context.ts';
import { toLogRecord } from './record-draft.ts';
import type { RecordDraft } from './record-draft.ts';

/** What gives out log records: our provider inside a run, else the program's own, where it has one. */
export class RecordSource {
  readonly #name: string;
  #own: OtelLogger | undefined;

  /** @param name the instrumentation scope */
  constructor(name: string) {
    this.#name = name;
  }

  /** Makes a record, in the span that is active. Inside a run it is in the inbox or its buffer when this returns. */
  emit(draft: RecordDraft): void {
    this.#emit(toLogRecord(draft));
  }

  /** The same for a text alone, which most records are: without an object in between. */
  emitText(severityNumber: number, severityText: string, body: string): void {
    const time = now();
    this.#emit({
      timestamp: time,
      observedTimestamp: time,
      severityNumber,
      severityText,
      body,
      context: ROOT_CONTEXT,
    });
  }

  #emit(record: LogRecord): void {
    if (getRecording() === undefined) {
      record.context = context.active();
      return logs.getLogger(this.#name).emit(record);
    }
    const telemetry = getTelemetry();
    this.#own ??= telemetry.loggerProvider.getLogger(this.#name);
    record.context = toLogContext(context.active(), telemetry.isGlobal);
    this.#own.emit(record);
  }
}
