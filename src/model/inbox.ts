import type { Attributes, Result, StageOutcome, TrialState } from './pipeline.ts';
import type { SpanId } from './ids.ts';

/**
 * What the observers of a run (console capture, TypeScript API, hooks) write into their inboxes, one JSON object each.
 * Times are decimal nanoseconds since 1970. The merge makes spans and log records of them.
 */
export type InboxEntry =
  | LogEntry
  | SpanStartEntry
  | SpanEndEntry
  | MetricEntry
  | ConsoleOpenEntry
  | ChildStartEntry
  | ChildExitEntry
  | FaultEntry;

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
  readonly attributes?: Attributes;
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
  readonly attributes?: Attributes;
}

export interface SpanEndEntry {
  readonly type: 'span-end';
  readonly time: string;
  readonly span: SpanId;
  readonly result?: Result;
  readonly outcome?: StageOutcome;
  readonly state?: TrialState;
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly attributes?: Attributes;
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

/** The first entry of a console inbox: whose output follows. */
export interface ConsoleOpenEntry {
  readonly type: 'console-open';
  readonly time: string;
  /** The span that the output belongs to where no marker says otherwise. */
  readonly span: SpanId;
  /** The stage that this span is, when it is one. */
  readonly stage?: string;
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
