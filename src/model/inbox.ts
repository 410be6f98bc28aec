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
  | SpanEntry
  | MetricEntry
  | OtlpMetricEntry
  | RunEndEntry
  | ConsoleOpenEntry
  | ChildStartEntry
  | ChildExitEntry
  | HookEntry
  | ShownEntry
  | DvcStageEntry
  | MlflowEntry
  | HydraJobEntry
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
  /** Counts up within its inbox, for {@link ShownEntry.of}. Left out where nothing is going to show it. */
  readonly id?: number;
  /**
   * It comes behind what a console has shown of it: an exception that ended a program which has replaced
   * `sys.excepthook`, told when the process ends.
   */
  readonly late?: boolean;
  readonly severity?: number;
  readonly severityText?: string;
  readonly logger?: string;
  readonly body?: string;
  readonly event?: string;
  /** The span that it lies in; the run's own when left out. */
  readonly span?: SpanId;
  /** The trace that the span is in, where that isn't the run's own. */
  readonly trace?: string;
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

/**
 * A record is about to be written by a handler; told before it is written. What comes by on a console with this text is
 * the record, seen once more.
 */
export interface ShownEntry {
  readonly type: 'shown';
  readonly time: string;
  /**
   * The {@link LogEntry.id} of the record, which stands before it in the same inbox. Left out where another process wrote
   * the record: one that hands its records to this one, as with a `QueueHandler`.
   */
  readonly of?: number;
  /**
   * Which of the process's streams, by file descriptor. `file`: another one that has a descriptor. `other`: something that
   * has none, and may hand it on to any of them.
   */
  readonly stream: 'stdout' | 'stderr' | 'file' | 'other';
  /** Where a `file` is, when it is one. */
  readonly path?: string;
  /**
   * Exactly what is written, line ends included (where the handler has it formatted and writes it itself: what the
   * formatter gave, with a newline). Left out where its form can't be known; it is then found by its message.
   */
  readonly text?: string;
}

/** The first entry of a Python process: the hook is in it. */
export interface HookEntry {
  readonly type: 'hook';
  readonly time: string;
  readonly pid: number;
  readonly ppid?: number;
  /** Python's version. */
  readonly python?: string;
  /** The program and its arguments. */
  readonly argv?: readonly string[];
  /** The span that it was started in (`TRACEPARENT`), where that is one of the run's. */
  readonly span?: SpanId;
  /** DVC's address of the stage that it is in (`DVC_STAGE`). */
  readonly stage?: string;
  /** The console around it: `STAGELIGHT_CONSOLE`. */
  readonly console?: string;
  /**
   * Whether its standard streams are that console's own: whether device and inode of its file descriptors 1 and 2, as
   * `device:inode`, are `STAGELIGHT_STDOUT` and `STAGELIGHT_STDERR`. If not, what it prints goes elsewhere, or comes by
   * because somebody else repeats it. `file`: they are files.
   */
  readonly stdout?: boolean | 'file';
  readonly stderr?: boolean | 'file';
}

/** What DVC does with a stage, told from inside of its process. */
export interface DvcStageEntry {
  readonly type: 'dvc-stage';
  readonly time: string;
  readonly phase: 'start' | 'end';
  /** DVC's address. */
  readonly stage: string;
  /** The stage's span, of an execution that the process has claimed (see `spool/claims.ts`). */
  readonly span: SpanId;
  /** The span that the DVC process was started in. */
  readonly parent?: SpanId;
  /** The root of the repository that it is in: another one than the project's for an experiment in a folder of its own. */
  readonly root?: string;
  /**
   * The number of DVC's process, where it isn't the one that tells: the shell of its commands. `end` is then the end of a
   * command, with its `exitCode` as DVC has it; the stage ends with the last.
   */
  readonly dvc?: number;
  /** At the end. */
  readonly outcome?: StageOutcome;
  /** Why it was skipped, or failed. */
  readonly reason?: string;
  readonly exitCode?: number;
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly cmd?: string;
  /** `path md5 size`. */
  readonly deps?: readonly string[];
  readonly outs?: readonly string[];
  /** Why it ran: `dep:src/train.py`, `param:lr`, `cmd`. */
  readonly changed?: readonly string[];
  readonly attributes?: InboxAttributes;
}

/** A program has opened an MLflow store, or with `run` made a run in it. */
export interface MlflowEntry {
  readonly type: 'mlflow';
  readonly time: string;
  /** The tracking URI that is in effect, as MLflow has it: credentials and relative paths included. */
  readonly uri: string;
  /** What a relative path in it is relative to. */
  readonly cwd: string;
  /** The span that it happened in. */
  readonly span?: SpanId;
  readonly run?: string;
  readonly experiment?: string;
  /** The run that it is nested in: `mlflow.parentRunId`. */
  readonly parent?: string;
}

/** Hydra begins a job: what it has composed for it. Of a multirun the first job only. */
export interface HydraJobEntry {
  readonly type: 'hydra-job';
  readonly time: string;
  /** The span that its process was started in. */
  readonly span: SpanId;
  readonly name?: string;
  readonly number?: number;
  /** Its output folder, absolute. */
  readonly dir?: string;
  readonly overrides?: readonly string[];
  /** The composed configuration without Hydra's own, as YAML, interpolations as they stand; secrets included. */
  readonly config?: string;
}

export type SpanKindName =
  | 'stage'
  | 'command'
  | 'study'
  | 'trial'
  | 'job'
  | 'flow'
  | 'run'
  | 'span';

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

/** A span that has ended, as a program of the run has sent it over OTLP. */
export interface SpanEntry {
  readonly type: 'span';
  /** Its end. */
  readonly time: string;
  readonly start: string;
  readonly span: SpanId;
  readonly parent?: SpanId;
  /** The trace that it is in, where that isn't the run's own. */
  readonly trace?: string;
  readonly name: string;
  readonly spanKind: OtelSpanKind;
  readonly scope?: string;
  readonly status?: 'ok' | 'error';
  readonly errorMessage?: string;
  readonly attributes?: InboxAttributes;
  readonly events?: readonly SpanEventEntry[];
  readonly links?: readonly SpanLinkEntry[];
}

/** A metric with its points, as a program of the run has sent it over OTLP. */
export interface OtlpMetricEntry {
  readonly type: 'otlp-metric';
  readonly time: string;
  readonly scope?: string;
  /** Who sent it. */
  readonly sender?: InboxAttributes;
  /** A `Metric` in OTLP/JSON. */
  readonly metric: unknown;
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
  /**
   * Of a command inside the run: the console that its output comes by on once more. Absent where there is none: it is the
   * run's own, or goes to a file.
   */
  readonly around?: string;
  /** Streams that don't come by there: they go to a file. */
  readonly apart?: readonly ('stdout' | 'stderr')[];
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
