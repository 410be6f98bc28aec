import { ATTR } from '../../model/attributes.ts';
import { toStageSpanId } from '../../model/ids.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import type { StageOutcome } from '../../model/pipeline.ts';
import type { UnixTime } from '../../model/time.ts';
import type { ExecutionClaims } from '../../spool/claims.ts';
import { parseAddress } from '../dvc/project.ts';
import type { StageFacts } from '../dvc/stage-facts.ts';
import type { OpenSpan, SpanBook, SpanEnd } from './span-book.ts';
import type { ToldStage, ToldStages } from './told-stages.ts';

export interface StageSpansOptions {
  readonly runId: RunId;
  readonly claims: ExecutionClaims;
  readonly book: SpanBook;
  readonly facts: StageFacts;
  readonly told: ToldStages;
}

/** Where in the output a marker stood, which tells one execution from another. */
export interface MarkerPlace {
  readonly time: UnixTime;
  /** The same for the same marker whenever the run is merged. */
  readonly claimant: string;
  /** The span that a stage which begins here is in. */
  readonly parent: SpanId;
  /** The inbox of the DVC process that has printed it, where that is known. */
  readonly process?: string | undefined;
}

/** The span of an execution that a marker is about. */
export interface StageSpan {
  readonly span: OpenSpan;
  /** What DVC's own process tells of it, where it does. */
  readonly told: ToldStage | undefined;
  readonly execution: number | undefined;
}

/** Finds the spans that markers are about: DVC's process may have told of them, or the shell of its commands. */
export class StageSpans {
  readonly #options: StageSpansOptions;

  constructor(options: StageSpansOptions) {
    this.#options = options;
  }

  open(address: string, outcome: StageOutcome, place: MarkerPlace): StageSpan {
    const { runId, claims, book, facts, told } = this.#options;
    const ofProcess = told.findMarked(address, place.process);
    if (ofProcess !== undefined) return mark(ofProcess, place);
    const { claimant: name, time } = place;
    const isRun = outcome === 'ran' || outcome === 'failed';
    const execution = claims.claimMarker(address, { name, time, isRun });
    const spanId = toStageSpanId(runId, address, execution);
    const ofClaim = told.find(spanId);
    if (ofClaim !== undefined) return mark(ofClaim, place);
    facts.begin(address);
    const span = book.open({
      spanId,
      parent: place.parent,
      role: 'stage',
      name: address,
      stage: address,
      start: place.time,
      attributes: {
        [ATTR.dvcStage]: parseAddress(address).name,
        [ATTR.dvcAddressing]: address,
      },
    });
    return { span, execution, told: undefined };
  }

  /** The output says no more of a stage. One that DVC's process tells of ends when that says so. */
  close(
    { span, told, execution }: StageSpan,
    seen: { outcome: StageOutcome; how: SpanEnd; commands: readonly string[] },
  ): void {
    const { outcome, how, commands } = seen;
    if (told !== undefined) {
      told.seen = { outcome, how };
      return;
    }
    const { facts, claims, book } = this.#options;
    if (execution !== undefined) claims.close(span.name, execution);
    const known = facts.end(span, { outcome, end: how.end, commands });
    const attributes = { [ATTR.dvcOutcome]: outcome, ...known, ...how.attributes };
    book.close(span, { ...how, attributes });
  }
}

function mark(told: ToldStage, { parent }: MarkerPlace): StageSpan {
  told.isMarked = true;
  // A program around DVC that nobody is inside of, such as a flow's task, is known by what it prints only.
  if (told.isInRoot) told.span.parent = parent;
  return { span: told.span, told, execution: undefined };
}
