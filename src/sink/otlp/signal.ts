import { OTLP_SIGNALS } from '../../otlp/signal.ts';
import type { OtlpSignal, SignalName } from '../../otlp/signal.ts';
import { FILE } from '../../spool/layout.ts';

/** One of OTLP's signals, with its file in a run directory. */
export interface Signal extends OtlpSignal {
  readonly file: string;
  /** Its part of the names of `OTEL_EXPORTER_OTLP_*` variables. */
  readonly variable: string;
  /** What one of it is called. */
  readonly item: string;
}

const ITEMS: Readonly<Record<SignalName, string>> = {
  traces: 'span',
  logs: 'log record',
  metrics: 'metric',
};

export const SIGNALS: readonly Signal[] = OTLP_SIGNALS.map((signal) => ({
  ...signal,
  file: FILE[signal.name],
  variable: signal.name.toUpperCase(),
  item: ITEMS[signal.name],
}));

/** What an envelope begins with, up to its list of resources, and what it ends with. */
export function toEnvelopeEnds({ resources }: Signal): {
  readonly head: Buffer;
  readonly tail: Buffer;
} {
  return { head: Buffer.from(`{"${resources}":[`), tail: TAIL };
}

const TAIL = Buffer.from(']}');
