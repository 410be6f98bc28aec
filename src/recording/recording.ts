import type { ConsoleRecorder } from '../capture/console-recorder.ts';
import type { RunId, SpanId } from '../model/ids.ts';
import type { ChildExitEntry } from '../model/inbox.ts';
import type { MlflowTie, RunInfo } from '../model/run-info.ts';
import type { DeliveryReport } from '../ship/report.ts';

/** Where a command is recorded: as a run of its own, or as a span of a run around it. */
export interface Recording {
  /** What the command's own telemetry, and commands inside it, belong to. */
  readonly tie: RunTie;
  /** What it prints and how it ends goes here. */
  readonly console: ConsoleRecorder;
  /** What tells the command's own OpenTelemetry where to send to, where the run takes it in. */
  readonly otlpVariables?: NodeJS.ProcessEnv;
  /** The command is under way: everything that isn't needed to start it may load now. */
  start(): void;
  /** The command has ended, and its output with it. Gives the run, where it is its own. */
  finish(exit: ChildExitEntry): Promise<RunInfo | undefined>;
  /** The run is whole: waits a little for those that it is sent to. Absent where it is sent to nobody. */
  send?(): Promise<readonly DeliveryReport[]>;
}

/** The place in a run that a command is given by its environment. */
export interface RunTie {
  readonly runId: RunId;
  readonly runDir: string;
  readonly traceId: RunId;
  readonly spanId: SpanId;
  /** The name of the inbox of its console. */
  readonly source: string;
  /** How many consoles are around it: 0 for the run's own. */
  readonly depth: number;
  /** The stage that the command is. */
  readonly stage?: string | undefined;
  /** The run in MLflow that was made before the run began. */
  readonly mlflow?: MlflowTie | undefined;
}

/** Told to the user: one line on stderr. */
export type Tell = (message: string) => void;
