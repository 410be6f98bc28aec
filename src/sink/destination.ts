import type { RunInfo } from '../model/run-info.ts';
import type { SignalName } from '../otlp/signal.ts';

/**
 * A place that runs are sent to: an OTLP backend, MLflow. To add one: a file or folder beside this one and a line in
 * `registry.ts`. It reads run directories and nothing else, and keeps what it has to remember in the run's `cursor/`,
 * so that sending again is reading again.
 */
export interface Destination {
  /** Its name in the configuration, on the command line (`--to`) and in `cursor/<name>.json`. */
  readonly name: string;
  /** Where that is, for people to read: without credentials. */
  readonly address: string;
  /** Opens a run to be sent. Does no I/O beyond the run directory. */
  open(run: SentRun): Delivery;
  /** Sends items that a store behind it lacks (`stagelight verify --repair`). Absent where nothing can be lacking. */
  repair?(request: RepairRequest): Promise<RepairResult>;
  /** Sends something harmless, and tells what came of it (`stagelight doctor`). */
  probe?(signal: AbortSignal): Promise<readonly ProbeResult[]>;
  /** Lets go of connections. Nothing is open any more. */
  close(): void;
}

export interface RepairRequest {
  readonly run: SentRun;
  /** What is missing, by the keys of `item-key.ts`. */
  readonly isMissing: (signal: SignalName, key: string) => boolean;
  /** How long nothing may be accepted before it is given up. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

export interface RepairResult {
  readonly sentCount: number;
  /** Why not all were taken. */
  readonly problem?: string;
}

/** What a destination said to something harmless. */
export interface ProbeResult {
  /** What was sent where, such as `logs to http://localhost:4318/v1/logs`. */
  readonly what: string;
  readonly isOk: boolean;
  /** In words; where it isn't well, what to do. */
  readonly answer: string;
}

export interface SentRun {
  readonly runDir: string;
  /** As it was when it was opened: of a run that goes on, `run.json` says when it has ended (`run-end.ts`). */
  readonly info: RunInfo;
}

/** One run on its way to one destination. The engine (`src/ship`) holds the cursor's lock while one is open. */
export interface Delivery {
  /**
   * Sends a bounded piece of what isn't sent yet, and remembers what was accepted. Never throws: what goes wrong is an
   * outcome. May be called again after any outcome, at any time; before the time that it asked to wait for it answers
   * `wait` again, without trying.
   */
  step(signal: AbortSignal): Promise<StepOutcome>;
  /** What is still to be sent, and what was refused for good, for people to read. */
  status(): DeliveryStatus;
  /** Forgets what was sent, so that the next step begins at the beginning. */
  restart(): void;
  close(): void;
}

export type StepOutcome =
  /** Something was accepted; there may be more. */
  | { readonly type: 'sent' }
  /** Some of it is under way, and nobody has to wait for that; the rest is sent, or waits. To be called again. */
  | { readonly type: 'pending' }
  /** All that is there now is sent; the run goes on. */
  | { readonly type: 'idle' }
  /** The run has ended and all of it is sent. */
  | { readonly type: 'done' }
  /** Not now: the backend is down, slow or asked to wait. Nothing is lost; nothing is tried before `atMs` (Unix). */
  | { readonly type: 'wait'; readonly atMs: number; readonly reason: string }
  /** Never as things are: somebody has to change something (a wrong token, a wrong address). */
  | { readonly type: 'blocked'; readonly reason: string };

export interface DeliveryStatus {
  /** Bytes of the run directory that aren't sent yet; 0 when all are. */
  readonly pendingBytes: number;
  /** Items that the destination refused, each set aside alone, with its own words. The first hundred of them. */
  readonly refused: readonly RefusedItem[];
  /** How many there are in all. */
  readonly refusedCount: number;
  /** There is nothing of this run to be sent there: it did nothing. */
  readonly hasNothing?: boolean;
  /** Why nothing is accepted at the moment, where that is so. */
  readonly problem?: string;
  /** What else is worth saying: that it takes no logs, for example. */
  readonly notes?: readonly string[];
}

export interface RefusedItem {
  /** What it is, such as `log record 1f3-0 of stage train`. */
  readonly what: string;
  /** The destination's own words. */
  readonly reason: string;
}
