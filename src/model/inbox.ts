import type { Result, StageOutcome, TrialState } from './pipeline.ts';
import type { SpanId } from './ids.ts';

/**
 * What the observers of a run (console capture, TypeScript API, hooks) write into their inboxes, one JSON object each.
 * Times are decimal nanoseconds since 1970. The merge makes spans and log records of them.
 */
export type InboxEntry =
  | LogEntry
  | LogsEntry
  | SpanStartEntry
  | SpanEndEntry
  | MetricEntry
  | RunEndEntry
  | ConsoleOpenEntry
  | ChildStartEntry
  | ChildExitEntry
  | FaultEntry;

/**
 * An attribute's value as JSON has it: what JSON can't say is an object with one key. A double is `{"double":"NaN"}` (or
 * `Infinity`, `-Infinity`), bytes are `{"bytes":"<base64>"}`.
 */
export type InboxValue =
  | string
  | number
  | boolean
  | { readonly double: string }
  | { readonly bytes: string }
  | readonly InboxValue[];

export type InboxAttributes = Readonly<Record<string, InboxValue>>;

/** One log record. */
export interface LogEntry {
  readonly type: 'log';
  readonly time: string;
  readonly severity?: number;
  readonly severityText?: string;
  readonly logger?: string;
  readonly body?: string;
  readonly event?: string;
  /** The span that it lies in; the run's own when left out. */
  readonly span?: SpanId;
  readonly attributes?: InboxAttributes;
}

/** Log records of a burst, that differ in time and body only. */
export interface LogsEntry extends Omit<LogEntry, 'type' | 'body' | 'event' | 'attributes'> {
  readonly type: 'logs';
  /** The last one's. */
  readonly time: string;
  /** The nanoseconds of each one's time, as base64 of little-endian uint32; the second is the same for all. */
  readonly nanos: string;
  /** The UTF-16 units of each one's body, as base64 of little-endian uint16. */
  readonly lengths: string;
  /** One behind the other. */
  readonly bodies: string;
}

export type SpanKindName = 'stage' | 'command' | 'study' | 'trial' | 'run' | 'span';

/** A span has begun. It is written to the trace once, when it ends (or when its process is found dead). */
export interface SpanStartEntry {
  readonly type: 'span-start';
  readonly kind: SpanKindName;
  readonly time: string;
  readonly span: SpanId;
  readonly parent?: SpanId;
  readonly name: string;
  /** OpenTelemetry's span kind, for a `span`; `internal` when left out. */
  readonly spanKind?: OtelSpanKind;
  /** The instrumentation scope's name; `stagelight` when left out. */
  readonly scope?: string;
  readonly attributes?: InboxAttributes;
}

export type OtelSpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanEndEntry {
  readonly type: 'span-end';
  readonly time: string;
  readonly span: SpanId;
  /** Where it was renamed. */
  readonly name?: string;
  readonly result?: Result;
  readonly outcome?: StageOutcome;
  readonly state?: TrialState;
  readonly errorType?: string;
  readonly errorMessage?: string;
  /** OpenTelemetry's status, of a `span`: `errorMessage` is its description. */
  readonly status?: 'ok' | 'error';
  readonly attributes?: InboxAttributes;
  readonly events?: readonly SpanEventEntry[];
  readonly links?: readonly SpanLinkEntry[];
  /** What of it wasn't said by its source, such as `end_time`. */
  readonly inferred?: readonly string[];
}

export interface SpanEventEntry {
  readonly name: string;
  readonly time: string;
  readonly attributes?: InboxAttributes;
}

export interface SpanLinkEntry {
  readonly traceId: string;
  readonly span: SpanId;
  readonly attributes?: InboxAttributes;
}

/** One value of a metric, in a span. */
export interface MetricEntry {
  readonly type: 'metric';
  readonly time: string;
  readonly name: string;
  /** NaN and infinities as the strings `NaN`, `Infinity` and `-Infinity`. */
  readonly value: number | string;
  readonly step?: number;
  readonly span?: SpanId;
}

/** The run has ended: said by the process that began it, where that isn't `stagelight run` but the API's `run()`. */
export interface RunEndEntry {
  readonly type: 'run-end';
  readonly time: string;
  readonly result: Result;
  readonly errorType?: string;
  readonly errorMessage?: string;
  /** Set when the process ends with it. */
  readonly code?: number;
  /** Set when the process ends by it. */
  readonly signal?: string;
  readonly attributes?: InboxAttributes;
}

/** The first entry of a console inbox: whose output follows. */
export interface ConsoleOpenEntry {
  readonly type: 'console-open';
  readonly time: string;
  /** The span that the output belongs to where no marker says otherwise. */
  readonly span: SpanId;
  /** The stage that this span is, when it is one. */
  readonly stage?: string;
  /** Of a command inside the run: the span that it was started in. Absent for the run's own command. */
  readonly startedIn?: SpanId;
  /** How many consoles are around it: 0 for the run's own. */
  readonly depth: number;
}

/** The command was started. */
export interface ChildStartEntry {
  readonly type: 'child-start';
  readonly time: string;
  readonly pid: number;
}

/** The command has ended: with a code, by a signal, or it never started (`error`). */
export interface ChildExitEntry {
  readonly type: 'child-exit';
  readonly time: string;
  readonly code?: number;
  readonly signal?: string;
  readonly error?: string;
  /** The signal that stagelight was sent and passed on, or that the terminal sent to both. */
  readonly received?: string;
}

/** A fault of stagelight's own, for `diag.jsonl`. */
export interface FaultEntry {
  readonly type: 'fault';
  readonly time: string;
  readonly code: string;
  readonly message: string;
  readonly count?: number;
}
