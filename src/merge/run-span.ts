import { TraceFlags } from '@opentelemetry/api';
import type { Link } from '@opentelemetry/api';
import { ATTR, EVENT } from '../model/attributes.ts';
import { parseInboxAttributes } from '../model/inbox-value.ts';
import { judgeExit } from '../model/exit.ts';
import { toRootSpanId } from '../model/ids.ts';
import type { RunId, SpanId } from '../model/ids.ts';
import type { ChildExitEntry, RunEndEntry } from '../model/inbox.ts';
import { toMlflowAttributes, toMlflowPage } from '../model/mlflow-page.ts';
import type { Attributes, Result, RunKind } from '../model/pipeline.ts';
import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString, toDurationMs } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { OpenSpan, SpanBook, SpanEnd } from './course/span-book.ts';
import type { Scope } from './emitter.ts';
import type { Recorder } from './recorder.ts';

/** How a run ended: its root span's end, and what `run.json` says of it. */
export type RunEnd = SpanEnd & Pick<RunInfo, 'exitCode' | 'signal'> & { readonly result: Result };

/** Signals by which a person or a scheduler ends a run. */

/** The root span of a run, with the events of its start and end. */
export class RunSpan {
  readonly start: UnixTime;
  /** Set when the command has ended. */
  childExit: ChildExitEntry | undefined;
  /** Set when the process that began the run has said how it ended, where there is no command. */
  told: RunEndEntry | undefined;
  readonly #book: SpanBook;
  readonly #recorder: Recorder;
  readonly #span: OpenSpan;

  constructor(options: { info: RunInfo; book: SpanBook; recorder: Recorder }) {
    const { info } = options;
    this.#book = options.book;
    this.#recorder = options.recorder;
    this.start = parseNanoString(info.startedAt) ?? [0, 0];
    this.#span = this.#book.open({
      spanId: info.rootSpanId,
      parent: undefined,
      role: 'run',
      name: `RUN ${info.pipeline}`,
      start: this.start,
      attributes: toStartAttributes(info),
      links: toLinks(info),
    });
    this.#event(EVENT.runStart, {
      time: this.start,
      body: toStartText(info),
      attributes: toStartAttributes(info),
    });
  }

  get scope(): Scope {
    return this.#span.scope;
  }

  /** How the run ended, by what is known of its command. `lastTime`: the last sign of life of an interrupted one. */
  how(lastTime: UnixTime): RunEnd {
    const exit = this.childExit;
    if (exit === undefined && this.told !== undefined) return toToldEnd(this.told, lastTime);
    if (exit === undefined) {
      return { end: lastTime, result: 'error', errorType: 'interrupted', inferred: ['end_time'] };
    }
    const judged = judgeExit(exit);
    // What went wrong inside says more than the code that it led to.
    const errorType = judged.result === 'failure' ? this.#span.lastException?.type : undefined;
    return {
      end: parseNanoString(exit.time) ?? lastTime,
      ...judged,
      ...(errorType !== undefined && { errorType }),
      ...(exit.signal !== undefined && { signal: exit.signal }),
      ...(exit.code !== undefined && { exitCode: exit.code }),
    };
  }

  /** Ends the root span and everything still open in it, and declares what the run holds. */
  finish(
    told: RunEnd & { kind: RunKind | undefined; experiment: string | undefined },
  ): Pick<RunInfo, 'state' | 'result' | 'errorType' | 'exitCode' | 'signal' | 'kind'> {
    const { kind, experiment, exitCode, signal, ...how } = told;
    const attributes: Attributes = {
      ...how.attributes,
      ...(kind !== undefined && { [ATTR.runKind]: kind }),
      ...(experiment !== undefined && { [ATTR.dvcExperiment]: experiment }),
      ...(exitCode !== undefined && { [ATTR.exitCode]: exitCode }),
    };
    this.#book.closeAll((span) =>
      span === this.#span ? { ...how, attributes } : { ...how, inferred: ['end_time'] },
    );
    this.#logEnd(how);
    return {
      state: this.childExit === undefined && this.told === undefined ? 'interrupted' : 'finished',
      result: how.result,
      ...(how.errorType !== undefined && { errorType: how.errorType }),
      ...(exitCode !== undefined && { exitCode }),
      ...(signal !== undefined && { signal }),
      ...(kind !== undefined && { kind }),
    };
  }

  #logEnd(how: Omit<RunEnd, 'exitCode' | 'signal'>): void {
    const { counter } = this.#recorder;
    this.#event(EVENT.runEnd, {
      time: how.end,
      body: `run ended: ${how.result}`,
      attributes: {
        [ATTR.pipelineResult]: how.result,
        ...(how.errorType !== undefined && { [ATTR.errorType]: how.errorType }),
        [ATTR.runDuration]: toDurationMs(this.start, how.end) / 1000,
        [ATTR.declaredSpans]: counter.spans,
        [ATTR.declaredLogs]: counter.records + 1, // this one
        [ATTR.dropped]: counter.dropped,
        [ATTR.suppressed]: counter.suppressed,
        [ATTR.masked]: counter.masked,
      },
    });
  }

  #event(name: string, event: { time: UnixTime; body: string; attributes: Attributes }): void {
    const { scope, spanId } = this.#span;
    this.#recorder.event({ scope, name, uid: `${spanId}-${name}`, ...event });
  }
}

function toStartAttributes(info: RunInfo): Attributes {
  const { mlflow } = info;
  return {
    [ATTR.commandArgs]: [...info.command],
    ...(mlflow !== undefined && toMlflowAttributes(mlflow.trackingUri, mlflow)),
    ...(info.flowRunId !== undefined && { [ATTR.prefectFlowRunId]: info.flowRunId }),
    ...(info.attempt !== undefined && { [ATTR.runAttempt]: info.attempt }),
    ...(info.priorId !== undefined && { [ATTR.runPriorId]: info.priorId }),
  };
}

/** The way to the run in MLflow, where that was made before this one began. */
function toStartText({ command, mlflow }: RunInfo): string {
  const page = mlflow === undefined ? undefined : toMlflowPage(mlflow.trackingUri, mlflow);
  return `run started: ${command.join(' ')}${page === undefined ? '' : `; in MLflow: ${page}`}`;
}

function toToldEnd(told: RunEndEntry, lastTime: UnixTime): RunEnd {
  const { time, result, errorType, errorMessage, code, signal, attributes } = told;
  return {
    end: parseNanoString(time) ?? lastTime,
    result,
    errorType,
    errorMessage,
    attributes: parseInboxAttributes(attributes),
    ...(code !== undefined && { exitCode: code }),
    ...(signal !== undefined && { signal }),
  };
}

function toLinks(info: RunInfo): OpenSpan['links'] {
  const { link, priorId } = info;
  const links: OpenSpan['links'] = [];
  if (link !== undefined) links.push(toLink(link, 'caller'));
  if (priorId !== undefined) {
    const traceId = info.priorTraceId ?? priorId;
    links.push(toLink({ traceId, spanId: toRootSpanId(priorId) }, 'prior'));
  }
  return links;
}

function toLink(context: { traceId: RunId; spanId: SpanId }, kind: string): Link {
  return {
    context: { ...context, traceFlags: TraceFlags.SAMPLED },
    attributes: { [ATTR.linkKind]: kind },
  };
}
