import type { Attributes, Result, StageOutcome, TrialState } from '../model/pipeline.ts';

/**
 * What one tool prints, and what it means. A grammar looks at one line at a time (colours removed, newline removed) and
 * says what it reads in it, or `undefined` where the line isn't this tool's. It keeps no state and does no I/O: what
 * spans lines is a {@link Block}, what changes the run is a {@link ConsoleEvent}.
 *
 * To add a tool: one file here, one line in `registry.ts`, real output as a fixture. The conformance suite
 * (`test/grammars/conformance.test.ts`) then holds it to the rules: never throws, linear in the line's length, claims
 * no line of another tool's fixture.
 */
export interface Grammar {
  /** The tool's name. It is the scope of its records where the line names no logger. */
  readonly name: string;
  /** The first characters that its lines can have. Lines that start otherwise are not offered, which is what keeps plain output cheap. */
  readonly starts: string;
  /** Reads one line. */
  read(line: string): Reading | undefined;
  /**
   * Finds a line of this tool behind text that another program left without a newline: the index where it starts.
   * Offered every line that no grammar reads, so it has to look at the end of the line first.
   */
  findGlued?(line: string): number | undefined;
  /**
   * Whether its lines repeat what other programs print (see {@link Reading.repeats}). What follows such a line without a
   * prefix of its own may then be the rest of the same message.
   */
  readonly isRelay?: boolean;
  /**
   * What a message means that came through another format: the tool's own logger, caught by the program's logging.
   * Asked for the loggers that begin with `loggers`.
   */
  readonly loggers?: string;
  toEvent?(body: string): ConsoleEvent | undefined;
}

/** What a grammar read in a line. */
export interface Reading {
  /** The message, without what the tool put before it. */
  readonly body: string;
  /** The level in the source's own word (`WARNING`, `W`). Left out where the line has none. */
  readonly severityText?: string | undefined;
  /** OpenTelemetry's number for it. */
  readonly severity?: number | undefined;
  /** The time as the line has it, for `Zone.read`. */
  readonly stamp?: string | undefined;
  /** The name of the logger. */
  readonly logger?: string | undefined;
  readonly attributes?: Attributes | undefined;
  readonly event?: ConsoleEvent | undefined;
  /** The record may go on with the following lines. */
  readonly block?: (() => Block) | undefined;
  /**
   * The body is a line that another tool printed and this one repeats: it is read again, with a state of its own for
   * each source. What it doesn't say itself (level, time) is taken from this reading.
   */
  readonly repeats?: { readonly source: string } | undefined;
}

/** The lines that may follow a line and belong to the same record. */
export interface Block {
  /**
   * Offers the next line of the stream.
   * `take`: it belongs to the record. `last`: it does, and nothing more can. `hold`: it does if a later line is taken.
   * `refuse`: the record ended before it (and before the lines held).
   */
  offer(line: string): 'take' | 'last' | 'hold' | 'refuse';
  /** Whether the record could end here: false inside a traceback that has not come to its exception yet. */
  readonly isWhole: boolean;
  /** Whether a line that is a record by itself is none of this one's, whatever `offer` would say: so while anything may follow. */
  readonly endsAtRecord?: boolean;
  /** How many of the lines held belong to the record if it ends now; none when left out. */
  readonly claimed?: number;
  /** What the lines taken add to the reading. */
  finish(): Partial<Pick<Reading, 'attributes' | 'severity' | 'severityText' | 'body' | 'event'>>;
}

/** What a line says of the run's course. */
export type ConsoleEvent =
  | { readonly type: 'stage-start'; readonly stage: string }
  | { readonly type: 'stage-command'; readonly command: string }
  | {
      readonly type: 'stage-skip';
      readonly stage: string;
      readonly outcome: StageOutcome;
      readonly reason: string;
    }
  | { readonly type: 'stage-frozen'; readonly stage: string }
  /** DVC looks at a stage's outputs without running it: frozen, a data source, or pulled. What becomes of it is said later. */
  | {
      readonly type: 'stage-check';
      readonly stage: string;
      readonly outcome: StageOutcome;
      readonly reason: string;
    }
  /** A stage failed: the one named, else the one whose command it was, else the one under way. */
  | {
      readonly type: 'stage-fail';
      readonly stage?: string;
      readonly command?: string;
      readonly exitCode?: number;
      /** DVC doesn't go on: it is the last that it says. */
      readonly isLast: boolean;
    }
  | { readonly type: 'stages-failed'; readonly stages: readonly string[] }
  | { readonly type: 'stages-blocked'; readonly stages: readonly string[] }
  | { readonly type: 'stage-lock' }
  /** DVC says something that it says between stages or after the last. */
  | { readonly type: 'stage-idle' }
  | { readonly type: 'experiment'; readonly name: string }
  /** `isNew`: it was made now, not loaded. */
  | { readonly type: 'study-start'; readonly study: string; readonly isNew: boolean }
  | { readonly type: 'trial-end'; readonly trial: TrialReading }
  /** Hydra starts jobs: in turn, or together, and then nothing that is printed says whose it is. */
  | { readonly type: 'job-launch'; readonly isTogether: boolean }
  | { readonly type: 'job-start'; readonly number: number; readonly overrides: string }
  | { readonly type: 'job-fail'; readonly overrides: string }
  | { readonly type: 'task'; readonly task: string }
  | ({ readonly type: 'task-end'; readonly task: string } & FlowRunEnd)
  | { readonly type: 'flow-start'; readonly run: string; readonly flow: string }
  | { readonly type: 'flow'; readonly run: string }
  | ({ readonly type: 'flow-end'; readonly run: string } & FlowRunEnd)
  | { readonly type: 'progress'; readonly progress: ProgressReading };

/** How a flow or task run has ended. */
export interface FlowRunEnd {
  readonly result: Result;
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** A finished trial, as Optuna prints it. */
export interface TrialReading {
  readonly number: number;
  readonly state: Exclude<TrialState, 'RUNNING'>;
  /** One value an objective; absent where there is none. */
  readonly values?: readonly number[];
  readonly params?: Attributes;
  /** The number of the best trial so far, and its value. */
  readonly best?: number;
  readonly bestValue?: number;
  /** The exception's class name, of a failed trial. */
  readonly errorType?: string;
  /** Its message, or why else the trial failed. */
  readonly errorMessage?: string;
}

/** One redraw of a progress bar. */
export interface ProgressReading {
  readonly name: string;
  readonly current?: number;
  readonly total?: number;
  readonly unit?: string;
}
