import { constants } from 'node:os';
import { ATTR } from '../../model/attributes.ts';
import { toStageSpanId } from '../../model/ids.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import type { Attributes, Result, StageOutcome } from '../../model/pipeline.ts';
import { toDurationMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { ExecutionClaims } from '../../spool/claims.ts';
import type { Scope } from '../emitter.ts';
import { parseAddress } from '../dvc/project.ts';
import type { StageFacts } from '../dvc/stage-facts.ts';
import type { OpenSpan, SpanBook, SpanEnd } from './span-book.ts';

export interface StageCourseOptions {
  readonly runId: RunId;
  readonly claims: ExecutionClaims;
  readonly book: SpanBook;
  readonly facts: StageFacts;
  /** Whether the command is a `--dry` one: DVC then prints as if it ran. */
  readonly isDry: boolean;
}

/** Where in the output a marker stood, which tells one execution from another. */
export interface MarkerPlace {
  readonly time: UnixTime;
  /** The same for the same marker whenever the run is merged. */
  readonly claimant: string;
  /** The span that a stage which begins here is in. */
  readonly parent: SpanId;
}

/** A stage that ended, whose span waits until `dvc.lock` has been written. */
interface EndedStage {
  readonly span: OpenSpan;
  readonly how: SpanEnd;
  readonly outcome: StageOutcome;
}

/** How long DVC may take from the line that says so to the lock file's being there. */
const LOCK_WRITE_MS = 1000;

/** Follows DVC through its stages, by the markers that one output has. DVC runs one stage at a time. */
export class StageCourse {
  readonly #options: StageCourseOptions;
  #current: { span: OpenSpan; outcome: StageOutcome } | undefined;
  #ended: EndedStage | undefined;
  #last: Scope | undefined;
  #frozen: string | undefined;
  /** Stages that have failed; DVC names them again in its last line. */
  readonly #failed = new Map<string, Scope>();

  constructor(options: StageCourseOptions) {
    this.#options = options;
  }

  /** The scope of the stage that is under way. */
  get scope(): Scope | undefined {
    return this.#current?.span.scope;
  }

  /** The stage that is under way. */
  get span(): OpenSpan | undefined {
    return this.#current?.span;
  }

  /** `Running stage 'x':` */
  start(address: string, place: MarkerPlace): Scope {
    this.#endCurrent({ end: place.time, result: 'success', inferred: ['end_time'] });
    if (this.#options.isDry)
      return this.#skipNow(address, { outcome: 'dry_run', reason: 'dry run' }, place);
    return this.#open(address, { outcome: 'ran' }, place).scope;
  }

  /** `> command`, which belongs to the stage under way. */
  command(): Scope | undefined {
    return this.#current?.span.scope ?? (this.#options.isDry ? this.#last : undefined);
  }

  /** A stage that DVC doesn't run. */
  skip(address: string, how: { outcome: StageOutcome; reason: string }, place: MarkerPlace): Scope {
    this.#endCurrent({ end: place.time, result: 'success', inferred: ['end_time'] });
    if (how.outcome === 'run_cache') {
      // Its outputs are checked out now, which can take a while: it ends with the next line of DVC's.
      return this.#open(address, how, place).scope;
    }
    const isFrozen = this.#frozen === address;
    return this.#skipNow(address, isFrozen ? { outcome: 'frozen', reason: 'frozen' } : how, place);
  }

  /** DVC says that a stage is frozen; what becomes of it is said in a later line. */
  frozen(address: string, place: MarkerPlace): Scope | undefined {
    this.#endCurrent({ end: place.time, result: 'success', inferred: ['end_time'] });
    this.#frozen = address;
    return this.#last;
  }

  /** The lock file was updated: the stage under way has ended well. */
  lock(time: UnixTime): Scope | undefined {
    const scope = this.#current?.span.scope ?? this.#last;
    this.#endCurrent({ end: time, result: 'success' });
    return scope;
  }

  /** A stage failed: the one under way, or one that never came to run (a dependency is missing). */
  fail(
    failure: { address?: string; exitCode?: number; message: string },
    place: MarkerPlace,
  ): Scope | undefined {
    const { address, exitCode, message } = failure;
    if (address !== undefined && address !== this.#current?.span.name) {
      const known = this.#failed.get(address);
      if (known !== undefined) return known;
      this.#endCurrent({ end: place.time, result: 'success', inferred: ['end_time'] });
      this.#open(address, { outcome: 'failed' }, place);
    }
    if (this.#current === undefined) return undefined;
    const { span } = this.#current;
    this.#current.outcome = 'failed';
    this.#failed.set(span.name, span.scope);
    const errorMessage = span.lastException?.message ?? message;
    this.#endCurrent({ end: place.time, ...toFailure(exitCode, span), errorMessage });
    return span.scope;
  }

  /** The stages that have failed so far. */
  get failed(): string[] {
    return [...this.#failed.keys()];
  }

  /** Stages that won't run because an earlier one failed. */
  block(addresses: readonly string[], place: MarkerPlace): void {
    for (const address of addresses) {
      this.#skipNow(address, { outcome: 'blocked', reason: 'an earlier stage failed' }, place);
    }
  }

  /** Hands on the stage that ended, when its lock file has had the time to be written. */
  settle(time: UnixTime): void {
    if (this.#ended !== undefined && toDurationMs(this.#ended.how.end, time) > LOCK_WRITE_MS)
      this.#handOn();
  }

  /** Ends what is under way: the command has ended. */
  finish(how: SpanEnd): void {
    if (this.#current !== undefined && how.result !== 'success') this.#current.outcome = 'failed';
    this.#endCurrent(how);
    this.#handOn();
  }

  #open(
    address: string,
    how: { outcome: StageOutcome; reason?: string },
    place: MarkerPlace,
  ): OpenSpan {
    this.#handOn();
    this.#failed.delete(address);
    const { runId, claims, book, facts } = this.#options;
    const execution = claims.claim(address, place.claimant);
    const span = book.open({
      spanId: toStageSpanId(runId, address, execution),
      parent: place.parent,
      role: 'stage',
      name: address,
      stage: address,
      start: place.time,
      attributes: {
        [ATTR.dvcStage]: parseAddress(address).name,
        [ATTR.dvcAddressing]: address,
        ...(how.reason !== undefined && { [ATTR.skipReason]: how.reason }),
      },
    });
    facts.begin(address);
    this.#current = { span, outcome: how.outcome };
    this.#last = span.scope;
    this.#frozen = undefined;
    return span;
  }

  #skipNow(
    address: string,
    how: { outcome: StageOutcome; reason: string },
    place: MarkerPlace,
  ): Scope {
    const span = this.#open(address, how, place);
    this.#endCurrent({ end: place.time, result: 'skip' });
    return span.scope;
  }

  #endCurrent(how: SpanEnd): void {
    if (this.#current === undefined) return;
    const { span, outcome } = this.#current;
    this.#current = undefined;
    const result: Result =
      outcome === 'run_cache' && how.result === 'success' ? 'skip' : (how.result ?? 'success');
    this.#ended = { span, outcome, how: { ...how, result } };
  }

  #handOn(): void {
    if (this.#ended === undefined) return;
    const { span, how, outcome } = this.#ended;
    this.#ended = undefined;
    const told: Attributes = this.#options.facts.end(span, { outcome, end: how.end });
    this.#options.book.close(span, {
      ...how,
      attributes: { [ATTR.dvcOutcome]: outcome, ...told, ...how.attributes },
    });
  }
}

/** What an exit code says: DVC gives the negative number of the signal that ended a command. */
function toFailure(
  exitCode: number | undefined,
  span: OpenSpan,
): { result: Result; errorType: string } {
  if (exitCode !== undefined && exitCode < 0) {
    const signal = Object.entries(constants.signals).find(
      ([, number]) => number === -exitCode,
    )?.[0];
    if (signal === 'SIGINT') return { result: 'cancellation', errorType: signal };
    return { result: 'error', errorType: signal ?? String(exitCode) };
  }
  return { result: 'failure', errorType: span.lastException?.type ?? String(exitCode ?? 'failed') };
}
