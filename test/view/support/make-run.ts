import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeRun } from '../../../src/capture/describe-run.ts';
import { DEFAULT_LOGGING } from '../../../src/config/defaults.ts';
import { Merge } from '../../../src/merge/merge.ts';
import {
  createRunId,
  toStageSpanId,
  toStudySpanId,
  toTrialSpanId,
} from '../../../src/model/ids.ts';
import type { InboxAttributes, InboxEntry } from '../../../src/model/inbox.ts';
import type { GitState, LoggingSettings, RunInfo } from '../../../src/model/run-info.ts';
import { FILE, createRunDir } from '../../../src/spool/layout.ts';
import { writeRunInfo } from '../../../src/spool/run-file.ts';
import type { OpenedRun } from '../../../src/view/open-run.ts';

/** 2026-11-23 01:33:20 UTC. */
export const START_SECONDS = 1_795_397_600;

/** Nanoseconds since 1970, `ms` after the start of the run. */
export function at(ms: number): string {
  return String(BigInt(START_SECONDS) * 1_000_000_000n + BigInt(Math.round(ms * 1e6)));
}

export interface MakeRunOptions {
  readonly home: string;
  readonly runId?: string;
  readonly pipeline?: string;
  /** When it began, in milliseconds after {@link START_SECONDS}. */
  readonly startMs?: number;
  readonly entries?: (run: EntryMaker) => InboxEntry[];
  readonly result?: 'success' | 'failure';
  readonly endMs?: number;
  readonly git?: Partial<GitState>;
  readonly logging?: Partial<LoggingSettings>;
  /** Leave it as a process that was killed does: nothing merged, nobody there. */
  readonly isAbandoned?: boolean;
}

/** Makes a run of entries as the API and hooks write them, by the merge itself. */
export function makeRun(options: MakeRunOptions): OpenedRun {
  const runId = options.runId ?? createRunId();
  const runDir = createRunDir(options.home, runId);
  const described = describeRun({
    runId,
    runDir,
    command: ['dvc', 'repro'],
    cwd: options.home,
    env: {},
    name: options.pipeline ?? 'demo',
    join: false,
    logging: { ...DEFAULT_LOGGING, ...options.logging },
  });
  const { git: _git, ...rest } = described;
  const startMs = options.startMs ?? 0;
  const info: RunInfo = {
    ...rest,
    startedAt: at(startMs),
    process: { pid: 1, startedAt: 'long ago', bootId: '', host: described.process.host },
    ...(options.git && { git: { root: options.home, ...options.git } }),
  };
  writeRunInfo(runDir, info);
  const entries: InboxEntry[] = [...(options.entries?.(new EntryMaker(info)) ?? [])];
  if (options.isAbandoned !== true) {
    const { result = 'success' } = options;
    const code = result === 'success' ? 0 : 1;
    entries.push({ type: 'run-end', time: at(options.endMs ?? startMs + 10_000), result, code });
  }
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  writeFileSync(join(runDir, FILE.inbox, '1-mfz0000.jsonl'), lines);
  if (options.isAbandoned === true) return { runDir, info, state: 'interrupted' };
  return { runDir, info: new Merge({ runDir, info, env: {} }).finish(), state: 'finished' };
}

/** Makes entries of one run. */
export class EntryMaker {
  readonly info: RunInfo;

  constructor(info: RunInfo) {
    this.info = info;
  }

  stageId(name: string): string {
    return toStageSpanId(this.info.runId, name, 1);
  }

  startStage(name: string, ms: number, attributes?: InboxAttributes): InboxEntry {
    return {
      type: 'span-start',
      kind: 'stage',
      time: at(ms),
      span: this.stageId(name),
      name,
      ...(attributes && { attributes }),
    };
  }

  endStage(
    name: string,
    ms: number,
    how: Partial<Extract<InboxEntry, { type: 'span-end' }>> = {},
  ): InboxEntry {
    return { type: 'span-end', time: at(ms), span: this.stageId(name), result: 'success', ...how };
  }

  /** A stage from one time to another, as DVC ran it. */
  stage(
    name: string,
    [fromMs, toMs]: readonly [from: number, to: number],
    attributes: InboxAttributes = {},
  ): InboxEntry[] {
    return [
      this.startStage(name, fromMs),
      this.endStage(name, toMs, { attributes: { 'dvc.stage.outcome': 'ran', ...attributes } }),
    ];
  }

  skip(name: string, ms: number, attributes: InboxAttributes = {}): InboxEntry[] {
    return [
      this.startStage(name, ms),
      this.endStage(name, ms, {
        result: 'skip',
        attributes: {
          'dvc.stage.outcome': 'unchanged',
          'mlops.skip.reason': "didn't change",
          ...attributes,
        },
      }),
    ];
  }

  /** A study inside a stage, with a trial a millisecond for each of `values`; `undefined` is one that was pruned. */
  study(
    name: string,
    { stage, fromMs, values }: { stage: string; fromMs: number; values: (number | undefined)[] },
  ): InboxEntry[] {
    const study = toStudySpanId(this.stageId(stage), name);
    const best = values.indexOf(Math.max(...values.filter((value) => value !== undefined)));
    const common = { 'optuna.study.name': name };
    return [
      {
        type: 'span-start',
        kind: 'study',
        time: at(fromMs),
        span: study,
        parent: this.stageId(stage),
        name: 'study',
        attributes: common,
      },
      ...values.flatMap((value, number): InboxEntry[] => {
        const span = toTrialSpanId(this.stageId(stage), name, number);
        return [
          {
            type: 'span-start',
            kind: 'trial',
            time: at(fromMs + number),
            span,
            parent: study,
            name: 'trial',
            attributes: {
              ...common,
              'optuna.trial.number': number,
              'optuna.trial.param.lr': 0.1 / (number + 1),
              ...(value !== undefined && { 'optuna.trial.value': value }),
            },
          },
          {
            type: 'span-end',
            time: at(fromMs + number + 1),
            span,
            state: value === undefined ? 'PRUNED' : 'COMPLETE',
          },
        ];
      }),
      {
        type: 'span-end',
        time: at(fromMs + values.length),
        span: study,
        attributes: { 'optuna.study.best_trial': best },
      },
    ];
  }

  log(
    ms: number,
    body: string,
    more: Partial<Extract<InboxEntry, { type: 'log' }>> = {},
  ): InboxEntry {
    return {
      type: 'log',
      time: at(ms),
      body,
      severity: 9,
      severityText: 'INFO',
      logger: 'app',
      ...more,
    };
  }

  /** A value of a metric in a stage. */
  metric(ms: number, [name, value]: readonly [string, number], stage: string): InboxEntry {
    return {
      type: 'metric',
      time: at(ms),
      name,
      value: Number.isFinite(value) ? value : String(value),
      span: this.stageId(stage),
    };
  }
}
