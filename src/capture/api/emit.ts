import { context } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import type { Logger as OtelLogger } from '@opentelemetry/api-logs';
import { getRecording, getTelemetry } from './current.ts';
import { toOwnContext } from './own-context.ts';
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
    const record = toLogRecord(draft);
    if (getRecording() === undefined) return logs.getLogger(this.#name).emit(record);
    const telemetry = getTelemetry();
    this.#own ??= telemetry.loggerProvider.getLogger(this.#name);
    if (!telemetry.isGlobal) record.context = toOwnContext(context.active());
    this.#own.emit(record);
  }
}
