import { ATTR } from '../../model/attributes.ts';
import type { Result, StageOutcome } from '../../model/pipeline.ts';
import { toDurationMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Scope } from '../emitter.ts';
import type { OpenSpan, SpanEnd } from './span-book.ts';
import { toFailure } from './stage-failure.ts';
import type { StageFailure } from './stage-failure.ts';
import { StageSpans } from './stage-spans.ts';
import type { MarkerPlace, StageSpan, StageSpansOptions } from './stage-spans.ts';

export interface StageCourseOptions extends StageSpansOptions {
  /** Whether the command is a `--dry` one: DVC then prints as if it ran. */
  readonly isDry: boolean;
}

/** What DVC does with a stage, and why. */
export interface StageStart {
  readonly outcome: StageOutcome;
  readonly reason?: string;
}

/**
 * The stage that DVC's last marker was about. Its lines belong to it until the next marker. What has been said of its end
 * counts only then: a child can print what looks like DVC's, and the lock's line, which is the last, tells better.
 */
interface Current extends StageSpan {
  outcome: StageOutcome;
  /** DVC doesn't run it: its next line says that it is done with it. */
  isChecked: boolean;
  readonly commands: string[];
  /** What DVC prints before the next of them. */
  expected: string | undefined;
  lockedAt: UnixTime | undefined;
  failure: StageFailure | undefined;
  /** DVC has said what it says between stages. */
  idleAt: UnixTime | undefined;
  isClosed: boolean;
}

/** How long DVC may take from the line that says so to the lock file's being there; and one stream may lag behind the other. */
const SETTLE_MS = 1000;
const MAX_COMMANDS = 100;
const FAILURES: ReadonlySet<Result | undefined> = new Set(['failure', 'error', 'cancellation']);
const FROZEN: StageStart = { outcome: 'frozen', reason: 'frozen' };
const BLOCKED = 'an earlier stage failed';

/** Follows DVC through its stages, by the markers that one output has. DVC runs one stage at a time. */
export class StageCourse {
  readonly #options: StageCourseOptions;
  readonly #spans: StageSpans;
  #current: Current | undefined;
  /** The stage before, of whose end nothing was said: its failure may still come on the other stream. */
  #undecided: { readonly stage: Current; readonly end: UnixTime } | undefined;
  #last: Scope | undefined;
  #frozen: { readonly address: string; readonly place: MarkerPlace } | undefined;
  /** The stages so far; DVC names those that failed again in its last line. */
  readonly #seen = new Map<string, { readonly scope: Scope; hasFailed: boolean }>();

  constructor(options: StageCourseOptions) {
    this.#options = options;
    this.#spans = new StageSpans(options);
  }

  /** The scope of the stage that is under way. */
  get scope(): Scope | undefined {
    const current = this.#current;
    return current?.failure?.isLast === true ? undefined : current?.span.scope;
  }

  /** The stage that is under way. */
  get span(): OpenSpan | undefined {
    return this.#current?.span;
  }

  /** Whether DVC has said how the stage under way has ended. */
  get isEnding(): boolean {
    return this.#current !== undefined && hasEnd(this.#current);
  }

  /** Whether a marker for a stage can be DVC's: not one for the very stage whose command is running. */
  canBegin(address: string): boolean {
    const current = this.#current;
    if (current === undefined || current.span.name !== address) return true;
    return current.isChecked || hasEnd(current) || current.idleAt !== undefined;
  }

  /** `Running stage 'x':` */
  start(address: string, place: MarkerPlace): Scope {
    const current = this.#current;
    if (current?.span.name === address && current.isChecked) {
      // It was looked at before: its data couldn't be pulled, or this is a dry run.
      current.isChecked = this.#options.isDry;
      current.outcome = this.#options.isDry ? 'dry_run' : 'ran';
      if (!this.#options.isDry) delete current.span.attributes[ATTR.skipReason];
      return current.span.scope;
    }
    if (current?.span.name === address && isOvertaken(current, place.time)) {
      return current.span.scope;
    }
    if (!this.#options.isDry) return this.#open(address, { outcome: 'ran' }, place).span.scope;
    return this.check(address, { outcome: 'dry_run', reason: 'dry run' }, place);
  }

  /** `> command`, which belongs to the stage under way. */
  command(text: string): Scope | undefined {
    const current = this.#current;
    if (current === undefined || current.commands.length >= MAX_COMMANDS) return undefined;
    const known = this.#options.facts.commands(current.span.name);
    // A child may print such lines too: where the commands are known, only they count.
    const isKnown = known.length > 0 && !known.some(isTemplate);
    if (isKnown && known[current.commands.length]?.split('\n')[0] !== text) return undefined;
    current.commands.push(text);
    current.expected = toExpected(known, current);
    return current.span.scope;
  }

  /** The next command's line, where `dvc.yaml` says it. */
  get expected(): string | undefined {
    return this.#current?.expected;
  }

  /** A stage that DVC doesn't run, and is done with at once. */
  skip(address: string, how: StageStart, place: MarkerPlace): Scope {
    // Restored outputs are checked out now, which can take a while.
    if (how.outcome === 'run_cache') return this.check(address, how, place);
    const isFrozen = this.#frozen?.address === address;
    if (this.#current?.isChecked === true && this.#current.span.name === address)
      this.#current.outcome = how.outcome;
    else this.#open(address, isFrozen ? FROZEN : how, place);
    return this.#end(place.time)!;
  }

  /** A stage that DVC looks at without running it: it ends with the next line of DVC's. */
  check(address: string, how: StageStart, place: MarkerPlace): Scope {
    const current = this.#open(
      address,
      this.#options.isDry ? { ...how, outcome: 'dry_run' } : how,
      place,
    );
    current.isChecked = true;
    return current.span.scope;
  }

  /** DVC says that a stage is frozen; what becomes of it is said in a later line. */
  frozen(address: string, place: MarkerPlace): Scope | undefined {
    // Where that line came first, on the other stream, this one says nothing new.
    if (this.#last?.stage !== address) {
      this.#end(place.time);
      this.#frozen = { address, place };
    }
    return this.#last;
  }

  /** The lock file was updated: the stage under way has ended well. */
  lock(time: UnixTime): Scope | undefined {
    const current = this.#current;
    if (current === undefined) return this.#last;
    current.lockedAt = time;
    if (current.outcome !== 'failed') current.failure = undefined;
    return current.span.scope;
  }

  /** DVC says something that is about no stage: the one before is over, if that has been said. */
  idle(time: UnixTime): void {
    if (this.#current === undefined) return;
    if (hasEnd(this.#current) || this.#current.isChecked) this.#end(time);
    else this.#current.idleAt ??= time;
  }

  /** A stage failed: the one under way, the one before it, or one that never came to run (a dependency is missing). */
  fail(
    failure: StageFailure & { address?: string; command?: string },
    place: MarkerPlace,
  ): Scope | undefined {
    const { address, command } = failure;
    const target = this.#findFailed(address, command);
    if (target !== undefined) {
      target.failure ??= failure;
      return target.span.scope;
    }
    if (address === undefined) return this.#last;
    const known = this.#seen.get(address);
    if (known !== undefined && (known.hasFailed || !failure.hasCause)) return known.scope;
    const current = this.#open(address, { outcome: 'failed' }, place);
    current.failure = failure;
    return current.span.scope;
  }

  /** The rest of a failure's line has come, which says what the command exited with. */
  noteExit(exitCode: number): void {
    const failure = this.#current?.failure;
    if (failure !== undefined && failure.exitCode === undefined)
      this.#current!.failure = { ...failure, exitCode };
  }

  /** Stages that won't run because an earlier one failed. */
  block(addresses: readonly string[], place: MarkerPlace): void {
    for (const address of addresses) {
      // The line may come late, on its own stream: whatever is under way goes on.
      const stage = this.#create(address, { outcome: 'blocked', reason: BLOCKED }, place);
      this.#close(stage, { end: place.time });
    }
  }

  /** Hands on the stages that have ended, when what belongs to them has had the time to be written. */
  settle(time: UnixTime): void {
    const { lockedAt } = this.#current ?? {};
    if (lockedAt !== undefined && toDurationMs(lockedAt, time) > SETTLE_MS)
      this.#close(this.#current!, { end: lockedAt });
    if (this.#undecided !== undefined && toDurationMs(this.#undecided.end, time) > SETTLE_MS)
      this.#decide();
  }

  /** Ends what is under way: the command has ended. */
  finish(how: SpanEnd): void {
    const current = this.#current;
    const isUnderWay =
      current !== undefined &&
      !hasEnd(current) &&
      !current.isChecked &&
      current.idleAt === undefined;
    if (isUnderWay && FAILURES.has(how.result)) {
      current.outcome = 'failed';
      this.#close(current, how);
    }
    this.#end(current?.idleAt ?? how.end, how.inferred ?? []);
    this.#decide();
  }

  #open(address: string, how: StageStart, place: MarkerPlace): Current {
    this.#end(place.time);
    this.#flushFrozen(address);
    const current = this.#create(address, how, place);
    current.expected = toExpected(this.#options.facts.commands(address), current);
    this.#last = current.span.scope;
    this.#current = current;
    return current;
  }

  #create(address: string, how: StageStart, place: MarkerPlace): Current {
    const found = this.#spans.open(address, how.outcome, place);
    const { span } = found;
    if (how.reason !== undefined) span.attributes[ATTR.skipReason] = how.reason;
    this.#seen.set(address, { scope: span.scope, hasFailed: false });
    return {
      ...found,
      outcome: how.outcome,
      isChecked: false,
      commands: [],
      expected: undefined,
      lockedAt: undefined,
      failure: undefined,
      idleAt: undefined,
      isClosed: false,
    };
  }

  /** A dry run names a frozen stage and says no more of it. */
  #flushFrozen(next: string): void {
    const frozen = this.#frozen;
    this.#frozen = undefined;
    if (frozen !== undefined && frozen.address !== next && this.#options.isDry)
      this.skip(frozen.address, FROZEN, frozen.place);
  }

  /** The stage that a failure is about, where it isn't closed yet. */
  #findFailed(address: string | undefined, command: string | undefined): Current | undefined {
    const candidates = [this.#current, this.#undecided?.stage]
      .filter((stage) => stage !== undefined)
      .filter((stage) => !stage.isClosed);
    if (address !== undefined) return candidates.find(({ span }) => span.name === address);
    const ofCommand = candidates.find(
      ({ commands }) => command !== undefined && commands.includes(command),
    );
    if (ofCommand !== undefined) return ofCommand;
    // One of which an end has been told isn't meant, unless it is named; nor one that runs another command.
    const open = candidates.filter((stage) => !hasEnd(stage));
    return command === undefined
      ? open[0]
      : (open.find(({ commands }) => commands.length === 0) ?? open.at(-1));
  }

  /** The next marker has come: what has been said of the stage before it counts. Gives its scope. */
  #end(time: UnixTime, inferred: readonly string[] = ['end_time']): Scope | undefined {
    const current = this.#current;
    if (current === undefined) return undefined;
    this.#current = undefined;
    this.#decide();
    const { lockedAt, failure, isChecked, outcome, idleAt } = current;
    const isDecided = hasEnd(current) || isChecked || outcome !== 'ran' || current.isClosed;
    if (isDecided) this.#close(current, { end: lockedAt ?? failure?.time ?? time });
    else this.#undecided = { stage: current, end: idleAt ?? time };
    if (!isDecided) for (const name of inferred) current.span.inferred.add(name);
    return current.span.scope;
  }

  #decide(): void {
    const undecided = this.#undecided;
    this.#undecided = undefined;
    if (undecided !== undefined) this.#close(undecided.stage, { end: undecided.end });
  }

  #close(stage: Current, how: SpanEnd): void {
    if (stage.isClosed) return;
    stage.isClosed = true;
    const { span, failure } = stage;
    if (failure !== undefined) stage.outcome = 'failed';
    const { outcome, commands } = stage;
    this.#seen.get(span.name)!.hasFailed = outcome === 'failed';
    const result = outcome === 'ran' ? 'success' : 'skip';
    const end: SpanEnd = { result, ...how, ...(failure && toFailure(failure, span)) };
    this.#spans.close(stage, { outcome, how: end, commands });
  }
}

/** Whether DVC fills in parts of a command. */
function isTemplate(command: string): boolean {
  return command.includes('${');
}

function toExpected(known: readonly string[], { commands }: Current): string | undefined {
  const next = known[commands.length];
  return next === undefined || isTemplate(next) ? undefined : `> ${next}`;
}

/** Whether a stage is known from its failure alone, so that the marker of its beginning may be what that line overtook. */
function isOvertaken({ outcome, failure, commands }: Current, markerTime: UnixTime): boolean {
  if (outcome !== 'failed' || failure === undefined || commands.length > 0) return false;
  return toDurationMs(failure.time, markerTime) < SETTLE_MS;
}

/** Whether it has been said how a stage ended. */
function hasEnd({ lockedAt, failure }: Current): boolean {
  return lockedAt !== undefined || failure !== undefined;
}
