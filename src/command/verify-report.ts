import type { Declared } from '../ship/declared.ts';
import type { Comparison } from '../ship/verify.ts';
import type { SentRun } from '../sink/destination.ts';
import type { FoundRunId } from '../view/run-ids/asked.ts';
import { toShortId } from '../view/short-id.ts';
import { isWholeInMlflow } from './verify-mlflow.ts';
import type { MlflowAnswer } from './verify-mlflow.ts';
import { layoutColumns } from '../view/text/columns.ts';
import type { Cell } from '../view/text/columns.ts';
import { escapeLine } from '../view/text/escape.ts';
import { toMark } from '../view/text/marks.ts';
import { createPaint } from '../view/text/paint.ts';
import type { Paint } from '../view/text/paint.ts';
import { formatCount } from '../view/text/units.ts';
import type { CommandIo } from './command.ts';

/** What `--repair` came to. */
export interface Repaired {
  readonly sentCount: number;
  readonly problems: readonly string[];
}

/** What a run declares, and what the stores hold of it. */
export interface Verified {
  readonly run: SentRun;
  readonly declared: Declared;
  readonly compared: readonly Comparison[];
  readonly repaired: Repaired | undefined;
  /** Which of the tools' own stores carry the run's ID. */
  readonly ids: readonly FoundRunId[];
  /** How MLflow compares, where the run was written there. */
  readonly mlflow: MlflowAnswer | undefined;
}

/** The answer as a table, with what is to be said of what is missing. */
export function drawVerified(
  { run, declared, compared, repaired }: Omit<Verified, 'ids' | 'mlflow'>,
  io: CommandIo,
): string {
  const paint = createPaint(io.stdout, io.env);
  const { logs, traces, metrics, said } = declared;
  const lines = [
    `run ${toShortId(run.info.runId)}: ${formatCount(logs.size, 'log record')}, ${formatCount(traces.size, 'span')}${metrics.size > 0 ? `, ${formatCount(metrics.size, 'metric')}` : ''}`,
    ...describeLocalLoss(said, declared).map((line) => paint.paint(line, 'red')),
    ...(compared.length === 0 ? [] : ['', ...drawTable(compared, paint)]),
  ];
  const notes = compared.flatMap((each) => describe(each, paint));
  if (notes.length > 0) lines.push('', ...notes);
  if (repaired !== undefined) {
    lines.push('', `${formatCount(repaired.sentCount, 'item')} sent once more`);
    lines.push(...repaired.problems.map((problem) => paint.paint(escapeLine(problem), 'red')));
  }
  return `${lines.join('\n')}\n`;
}

/** What the run counted at its end and its own files don't have. */
function describeLocalLoss(said: Declared['said'], { logs, traces }: Declared): string[] {
  return [
    ...(said.logs !== undefined && said.logs > logs.size
      ? [`the run counted ${said.logs} log records at its end; its files hold ${logs.size}`]
      : []),
    ...(said.traces !== undefined && said.traces > traces.size
      ? [`the run counted ${said.traces} spans at its end; its files hold ${traces.size}`]
      : []),
  ];
}

function drawTable(compared: readonly Comparison[], paint: Paint): string[] {
  const head = ['', 'store', 'signal', 'declared', 'received', 'missing', 'doubled'];
  const rows = compared.map((each): Cell[] => {
    const { store, signal, declaredCount, receivedCount, missingCount, doubledCount, fault } = each;
    const isFine = isComplete(each);
    const isTold = fault === undefined;
    return [
      toMark(isFine ? 'success' : 'failure', paint),
      escapeLine(`${store.kind} ${store.address}`),
      signal,
      String(declaredCount),
      isTold ? String(receivedCount) : '?',
      { text: isTold ? String(missingCount) : '?', style: isFine ? undefined : 'red' },
      {
        text: isTold ? String(doubledCount) : '?',
        style: doubledCount > 0 ? 'yellow' : undefined,
      },
    ];
  });
  const right = { align: 'right' } as const;
  return layoutColumns(
    [head.map((text) => ({ text, style: 'dim' as const })), ...rows],
    [{}, { minWidth: 12 }, {}, right, right, right, right],
    paint,
  );
}

/** Why, for each store that lacks something. */
function describe(
  { store, signal, missingCount, missingIds, fault, cause }: Comparison,
  paint: Paint,
): string[] {
  const name = `${store.kind}, ${signal}`;
  if (fault !== undefined)
    return [paint.paint(escapeLine(`${name}: can't be asked: ${fault}`), 'red')];
  if (missingCount === 0) return [];
  const first = missingIds.slice(0, 3).join(', ');
  const more = missingCount > 3 ? ', …' : '';
  return [`${name}: missing ${first}${more}`, ...(cause === undefined ? [] : [`  ${cause}`])].map(
    (line) => escapeLine(line),
  );
}

/** The answer as docs/sending.md describes it. */
export function toVerifiedJson(verified: Verified): unknown {
  const { run, declared, compared, repaired, ids, mlflow } = verified;
  return {
    runId: run.info.runId,
    complete: isWholeEverywhere(verified),
    declared: {
      logs: declared.logs.size,
      traces: declared.traces.size,
      metrics: declared.metrics.size,
    },
    counted: declared.said,
    stores: compared.map(({ store, signal, declaredCount, fault, cause, ...counts }) => ({
      kind: store.kind,
      address: store.address,
      signal,
      declared: declaredCount,
      ...(fault === undefined && {
        received: counts.receivedCount,
        missing: counts.missingCount,
        doubled: counts.doubledCount,
        missingIds: counts.missingIds,
      }),
      fault,
      cause,
    })),
    ...(repaired !== undefined && { repaired }),
    ids,
    ...(mlflow !== undefined && { mlflow }),
  };
}

/** Whether everybody who was asked has all of a run. */
export function isWholeEverywhere({
  compared,
  mlflow,
}: Pick<Verified, 'compared' | 'mlflow'>): boolean {
  return compared.every(isComplete) && (mlflow === undefined || isWholeInMlflow(mlflow));
}

/** Whether a store holds all of a run. */
export function isComplete({ missingCount, fault }: Comparison): boolean {
  return missingCount === 0 && fault === undefined;
}
