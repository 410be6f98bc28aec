import type { FlowRunEnd } from '../../grammars/grammar.ts';
import { ATTR } from '../../model/attributes.ts';
import { toStageSpanId } from '../../model/ids.ts';
import type { RunId, SpanId } from '../../model/ids.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Scopes } from '../scopes.ts';
import type { OpenSpan, SpanBook, SpanEnd } from './span-book.ts';

interface Place {
  readonly time: UnixTime;
  readonly parent: SpanId;
  /** The run's span as its own process knows it, which also knows runs apart that have one name. */
  readonly told?: SpanId | undefined;
}

/** Follows Prefect's flow and task runs by their console lines. Each has a name of its own, so they may overlap. */
export class FlowCourse {
  readonly #runId: RunId;
  readonly #book: SpanBook;
  readonly #scopes: Scopes;
  /** By name; those that are told of, by their span. */
  readonly #flows = new Map<string, OpenSpan>();
  /** Flow runs that have ended: their process may still print of them. */
  readonly #ended = new Map<string, OpenSpan>();
  readonly #tasks = new Map<string, OpenSpan>();
  /** How often a run has begun: one that is retried keeps its name. */
  readonly #counts = new Map<string, number>();
  #hasFlow = false;

  constructor(options: { runId: RunId; book: SpanBook; scopes: Scopes }) {
    this.#runId = options.runId;
    this.#book = options.book;
    this.#scopes = options.scopes;
  }

  /** Whether there was any flow. */
  get hasFlow(): boolean {
    return this.#hasFlow;
  }

  startFlow(run: string, flow: string, place: Place): OpenSpan {
    const known = this.#flows.get(toKey(run, place));
    if (known !== undefined) return known;
    return this.#openFlow(run, { name: flow, inferred: [] }, place);
  }

  /** The flow run that a line names; one that was never announced begins with it. */
  flow(run: string, place: Place): OpenSpan {
    const key = toKey(run, place);
    return (
      this.#flows.get(key) ??
      this.#ended.get(key) ??
      this.#openFlow(run, { name: 'flow', inferred: ['name', 'start_time'] }, place)
    );
  }

  /** The task run that a line names. Nothing is printed when a task starts: its first line has to do. */
  task(run: string, place: Place): OpenSpan {
    const key = toKey(run, place);
    const known = this.#tasks.get(key);
    if (known !== undefined) return known;
    const told = place.told && this.#scopes.known(place.told)?.stage;
    // `load-6f0`: the task's name and a piece of its run's ID
    const name = told ?? run.replace(/-[0-9a-f]{3}$/, '');
    const span = this.#book.open({
      spanId: this.#toSpanId(`prefect task ${run}`, place),
      parent: this.#innermostFlow()?.spanId ?? place.parent,
      role: 'stage',
      name,
      stage: name,
      start: place.time,
      attributes: { [ATTR.prefectTaskRunName]: run },
      inferred: ['start_time'],
    });
    this.#tasks.set(key, span);
    return span;
  }

  endTask(run: string, how: FlowRunEnd, place: Place): OpenSpan {
    const span = this.task(run, place);
    this.#tasks.delete(toKey(run, place));
    this.#book.close(span, toSpanEnd(how, place.time));
    return span;
  }

  endFlow(run: string, how: FlowRunEnd, place: Place): OpenSpan {
    const span = this.flow(run, place);
    this.#flows.delete(toKey(run, place));
    this.#ended.set(toKey(run, place), span);
    this.#book.close(span, toSpanEnd(how, place.time));
    return span;
  }

  #openFlow(
    run: string,
    as: { name: string; inferred: readonly string[] },
    place: Place,
  ): OpenSpan {
    this.#hasFlow = true;
    const span = this.#book.open({
      spanId: this.#toSpanId(`prefect flow ${run}`, place),
      parent: this.#innermostFlow()?.spanId ?? place.parent,
      role: 'flow',
      name: as.name,
      start: place.time,
      attributes: { [ATTR.prefectFlowRunName]: run },
      inferred: as.inferred,
    });
    this.#flows.set(toKey(run, place), span);
    return span;
  }

  #toSpanId(what: string, { told }: Place): SpanId {
    if (told !== undefined) return told;
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return toStageSpanId(this.#runId, what, count);
  }

  #innermostFlow(): OpenSpan | undefined {
    return [...this.#flows.values()].at(-1);
  }
}

function toKey(run: string, { told }: Place): string {
  return told ?? run;
}

function toSpanEnd({ result, errorType, errorMessage }: FlowRunEnd, end: UnixTime): SpanEnd {
  return { end, result, errorType, errorMessage };
}
