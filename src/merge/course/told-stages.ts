import { ATTR } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import { parseInboxAttributes } from '../../model/inbox-value.ts';
import type { DvcStageEntry } from '../../model/inbox.ts';
import type { Attributes, StageOutcome } from '../../model/pipeline.ts';
import { compareTimes, parseNanoString, toDurationMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { parseAddress } from '../dvc/project.ts';
import type { StageFacts } from '../dvc/stage-facts.ts';
import { relateRunDir } from '../hydra/job.ts';
import { isSpanId } from '../scopes.ts';
import type { Scopes } from '../scopes.ts';
import type { OpenSpan, SpanBook, SpanEnd } from './span-book.ts';
import { toFailure } from './stage-failure.ts';

/** A stage of which DVC's own process tells. A console's markers are then only where in the output it stands. */
export interface ToldStage {
  readonly span: OpenSpan;
  readonly source: string;
  /** The copy of the project that it runs in, which is deleted afterwards: the project's files say nothing of it. */
  readonly copy: string | undefined;
  /** The number of DVC's process, where not that but the shell of its commands tells. */
  readonly dvc: number | undefined;
  /** How it ended, as the process says. */
  ended: DvcStageEntry | undefined;
  /** How it ended, as a console has it: counts where the process was killed before it could say. */
  seen: { readonly outcome: StageOutcome; readonly how: SpanEnd } | undefined;
  /** Whether it was started in no span but the run's own, as far as its process knows. */
  readonly isInRoot: boolean;
  /** Whether a marker of it has come by. */
  isMarked: boolean;
}

export interface ToldStagesOptions {
  readonly root: SpanId;
  readonly book: SpanBook;
  readonly facts: StageFacts;
  readonly scopes: Scopes;
}

/** The output of a stage may be read so much later than its end is. */
const SETTLE_MS = 1000;
/** Where `dvc exp run --temp` and the workers of `dvc queue` make the copies that they run in. */
const TEMPORARY = /\/\.dvc\/tmp\/exps\//;
const REASONS: Readonly<Partial<Record<StageOutcome, string>>> = {
  unchanged: "didn't change",
  data_source: "didn't change",
  run_cache: 'restored from the run cache',
  frozen: 'frozen',
  dry_run: 'dry run',
};

/** The stages that DVC's processes tell of, from inside. */
export class ToldStages {
  readonly #options: ToldStagesOptions;
  /** Those that are open, and those that have ended lately. */
  readonly #stages = new Map<SpanId, ToldStage>();

  constructor(options: ToldStagesOptions) {
    this.#options = options;
  }

  take(entry: DvcStageEntry, source: string): void {
    if (!isSpanId(entry.span) || typeof entry.stage !== 'string') return;
    if (entry.phase === 'start') return this.#start(entry, source);
    const stage = this.#stages.get(entry.span);
    // Of a shell's commands the last one counts.
    if (stage !== undefined && (stage.dvc !== undefined || stage.ended === undefined))
      stage.ended = entry;
  }

  find(spanId: SpanId): ToldStage | undefined {
    return this.#stages.get(spanId);
  }

  /** The stage that a marker of a process is about: the first of that address that none has been about yet. */
  findMarked(address: string, source: string | undefined): ToldStage | undefined {
    if (source === undefined) return undefined;
    const own = [...this.#stages.values()].filter(
      (stage) => stage.source === source && stage.span.name === address,
    );
    return own.find(({ isMarked }) => !isMarked) ?? own.at(-1);
  }

  /** The consoles have been read up to `time`: ends the stages that have ended before, with all that was printed in them. */
  settle(time: UnixTime): void {
    for (const stage of this.#stages.values()) {
      if (stage.dvc !== undefined) this.#settleShell(stage);
      else this.#settle(stage, time);
    }
  }

  #settle(stage: ToldStage, time: UnixTime): void {
    const end = stage.ended && parseNanoString(stage.ended.time);
    if (end !== undefined && toDurationMs(end, time) > SETTLE_MS) this.#close(stage, { end });
  }

  /** A shell can't tell which command is the last: the console does, or the next stage of the same DVC. */
  #settleShell(stage: ToldStage): void {
    if (stage.seen !== undefined) return this.#closeSeen(stage, stage.seen);
    const isOver = [...this.#stages.values()].some(
      ({ dvc, span }) => dvc === stage.dvc && compareTimes(span.start, stage.span.start) > 0,
    );
    const end = stage.ended && parseNanoString(stage.ended.time);
    if (isOver && end !== undefined) this.#close(stage, { end });
  }

  /** The run has ended. */
  finish(how: SpanEnd): void {
    for (const stage of this.#stages.values()) {
      const end = stage.ended && parseNanoString(stage.ended.time);
      this.#close(stage, end === undefined ? how : { end });
    }
  }

  #start(entry: DvcStageEntry, source: string): void {
    const start = parseNanoString(entry.time);
    if (start === undefined || this.#stages.has(entry.span)) return;
    const { book, facts, root, scopes } = this.#options;
    facts.begin(entry.stage);
    const parent = isSpanId(entry.parent) ? entry.parent : root;
    const span = book.open({
      spanId: entry.span,
      parent,
      role: 'stage',
      name: entry.stage,
      stage: entry.stage,
      start,
      attributes: {
        [ATTR.dvcStage]: parseAddress(entry.stage).name,
        [ATTR.dvcAddressing]: entry.stage,
        ...parseInboxAttributes(entry.attributes),
      },
    });
    scopes.keep(span.scope);
    this.#stages.set(entry.span, {
      span,
      source,
      copy: TEMPORARY.test(entry.root ?? '') ? entry.root : undefined,
      dvc: entry.dvc,
      ended: undefined,
      seen: undefined,
      isInRoot: parent === root,
      isMarked: false,
    });
  }

  #close(stage: ToldStage, how: SpanEnd): void {
    const { span, ended, seen, dvc } = stage;
    this.#stages.delete(span.spanId);
    if (dvc !== undefined && seen !== undefined) return this.#closeSeen(stage, seen);
    if (ended === undefined) return this.#closeKilled(stage, seen?.how ?? how);
    const isFailed = ended.exitCode !== undefined && ended.exitCode !== 0;
    const outcome = ended.outcome ?? (isFailed ? 'failed' : 'ran');
    const { facts, book } = this.#options;
    const told = toToldAttributes(ended);
    const commands = toCommands(ended);
    const known =
      stage.copy === undefined
        ? facts.end(span, { outcome, end: how.end, commands })
        : relateRunDir(span.attributes, stage.copy);
    const isSkipped = outcome !== 'ran' && outcome !== 'failed';
    if (isSkipped) span.attributes[ATTR.skipReason] ??= ended.reason ?? REASONS[outcome] ?? outcome;
    else delete span.attributes[ATTR.skipReason];
    book.close(span, {
      end: how.end,
      result: isSkipped ? 'skip' : 'success',
      ...(outcome === 'failed' && toToldFailure(ended, span)),
      attributes: { [ATTR.dvcOutcome]: outcome, ...known, ...told, ...toNew(known) },
    });
  }

  /** A console has seen it to its end. */
  #closeSeen({ span, ended }: ToldStage, { outcome, how }: NonNullable<ToldStage['seen']>): void {
    this.#stages.delete(span.spanId);
    const commands = ended === undefined ? [] : toCommands(ended);
    const known = this.#options.facts.end(span, { outcome, end: how.end, commands });
    const attributes = { [ATTR.dvcOutcome]: outcome, ...known, ...how.attributes };
    this.#options.book.close(span, { ...how, attributes });
  }

  /** DVC's process was killed in it. */
  #closeKilled({ span, seen }: ToldStage, how: SpanEnd): void {
    const outcome = seen?.outcome ?? 'failed';
    const known = this.#options.facts.end(span, { outcome, end: how.end, commands: [] });
    this.#options.book.close(span, {
      ...KILLED,
      ...how,
      inferred: [...(how.inferred ?? []), 'end_time'],
      attributes: { [ATTR.dvcOutcome]: outcome, ...known, ...how.attributes },
    });
  }
}

/** A stage that was never locked has no changes, whatever its hashes are. */
function toNew({ [ATTR.dvcChanged]: changed }: Attributes): Attributes {
  return Array.isArray(changed) && changed[0] === 'new' ? { [ATTR.dvcChanged]: changed } : {};
}

const KILLED = { result: 'error', errorType: 'interrupted' } as const;

function toToldFailure(entry: DvcStageEntry, span: OpenSpan): Partial<SpanEnd> {
  const { exitCode, errorMessage, errorType } = entry;
  const failure = toFailure(
    {
      time: span.start,
      message: errorMessage ?? 'failed',
      hasCause: true,
      isLast: true,
      ...(exitCode !== undefined && { exitCode }),
    },
    span,
  );
  // What was raised in the stage says more than what DVC made of it.
  const isKnown = span.lastException !== undefined || exitCode !== undefined;
  return isKnown || errorType === undefined ? failure : { ...failure, errorType };
}

function toToldAttributes(entry: DvcStageEntry): Attributes {
  const { cmd, deps, outs, changed, attributes } = entry;
  return {
    ...parseInboxAttributes(attributes),
    ...(typeof cmd === 'string' && { [ATTR.dvcCommand]: cmd }),
    ...(Array.isArray(deps) && { [ATTR.dvcDeps]: deps.map(String) }),
    ...(Array.isArray(outs) && { [ATTR.dvcOuts]: outs.map(String) }),
    ...(Array.isArray(changed) && { [ATTR.dvcChanged]: changed.map(String) }),
  };
}

function toCommands({ cmd }: DvcStageEntry): string[] {
  return typeof cmd === 'string' ? cmd.split('\n') : [];
}
