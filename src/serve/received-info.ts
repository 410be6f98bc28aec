import { ATTR, EVENT } from '../model/attributes.ts';
import { toRootSpanId } from '../model/ids.ts';
import type { RunId } from '../model/ids.ts';
import type { Attributes, Result } from '../model/pipeline.ts';
import type { GitState, LoggingSettings, RunInfo } from '../model/run-info.ts';
import { compareTimes, now, parseNanoString, toNanoString } from '../model/time.ts';
import { localZoneName } from '../model/local-zone.ts';
import type { StoredRecord, StoredSpan } from '../spool/signal-reader.ts';

/** What is known of a run from what was received of it: `run.json` is made of it. */
export class ReceivedInfo {
  #info: RunInfo;
  #root: StoredSpan | undefined;
  #declared: { readonly spans: number; readonly records: number } | undefined;

  constructor(of: {
    readonly runId: RunId;
    readonly traceId: string;
    readonly resource: Attributes;
    readonly logging: LoggingSettings;
    /** As it was written before. */
    readonly before?: RunInfo | undefined;
  }) {
    const { runId, traceId, resource, logging, before } = of;
    const host = toText(resource[ATTR.hostName]) ?? '';
    this.#info = before ?? {
      schema: 1,
      runId,
      traceId,
      rootSpanId: toRootSpanId(runId),
      pipeline: toText(resource[ATTR.pipelineName]) ?? 'pipeline',
      command: [],
      cwd: '/',
      timeZone: localZoneName(),
      startedAt: toNanoString(now()),
      state: 'running',
      process: { pid: 0, startedAt: '', bootId: '', host },
      resource,
      ...toGit(resource),
      logging,
    };
  }

  get info(): RunInfo {
    return this.#info;
  }

  /** The run says that it has ended, and its root span is here. */
  get isEnded(): boolean {
    return this.#root !== undefined && this.#declared !== undefined;
  }

  /** All is here that the run says it has. */
  isWhole(received: { readonly spans: number; readonly records: number }): boolean {
    const declared = this.#declared;
    if (declared === undefined || this.#root === undefined) return false;
    return received.spans >= declared.spans && received.records >= declared.records;
  }

  record({ eventName, attributes, time, observed }: StoredRecord): void {
    if (eventName === EVENT.runStart) {
      const { [ATTR.commandArgs]: command, [ATTR.runPriorId]: priorId } = attributes;
      const attempt = attributes[ATTR.runAttempt];
      this.#info = {
        ...this.#info,
        startedAt: toNanoString(time ?? observed),
        ...(Array.isArray(command) && { command: (command as unknown[]).map(String) }),
        ...(typeof attempt === 'number' && { attempt }),
        ...(typeof priorId === 'string' && { priorId }),
      };
    } else if (eventName === EVENT.runEnd) {
      this.#declared = {
        spans: Number(attributes[ATTR.declaredSpans] ?? 0),
        records: Number(attributes[ATTR.declaredLogs] ?? 0),
      };
    }
  }

  span(span: StoredSpan): void {
    if (span.spanId !== this.#info.rootSpanId) return;
    this.#root = span;
    const startedAt = toNanoString(span.start);
    this.#info = { ...this.#info, startedAt };
  }

  /** It has ended, and no more is waited for. */
  end(): void {
    const root = this.#root;
    if (root === undefined) return;
    const { attributes, end, start } = root;
    const result = toText(attributes[ATTR.pipelineResult]) as Result | undefined;
    const errorType = toText(attributes[ATTR.errorType]);
    const exitCode = attributes[ATTR.exitCode];
    const known = parseNanoString(this.#info.startedAt) ?? start;
    this.#info = {
      ...this.#info,
      state: errorType === 'interrupted' ? 'interrupted' : 'finished',
      startedAt: toNanoString(compareTimes(known, start) < 0 ? known : start),
      endedAt: toNanoString(end),
      ...(result !== undefined && { result }),
      ...(errorType !== undefined && { errorType }),
      ...(typeof exitCode === 'number' && { exitCode }),
    };
  }
}

function toGit(resource: Attributes): { git?: GitState } {
  const { [ATTR.refRevision]: revision, [ATTR.vcsDirty]: isDirty } = resource;
  const { [ATTR.refName]: name, [ATTR.refType]: type } = resource;
  if (typeof revision !== 'string') return {};
  return {
    git: {
      root: '',
      revision,
      ...(typeof name === 'string' && (type === 'tag' ? { tag: name } : { branch: name })),
      ...(typeof isDirty === 'boolean' && { isDirty }),
    },
  };
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
