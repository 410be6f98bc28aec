import type { DestinationContext } from '../sink/context.ts';
import type { SentRun } from '../sink/destination.ts';
import { readMlflowSettings } from '../sink/mlflow/settings.ts';
import { verifyInMlflow } from '../sink/mlflow/verify.ts';
import type { MlflowVerdict } from '../sink/mlflow/verify.ts';
import type { FoundRunId } from '../view/run-ids/asked.ts';
import { escapeLine } from '../view/text/escape.ts';
import { toMark } from '../view/text/marks.ts';
import { createPaint } from '../view/text/paint.ts';
import { formatCount } from '../view/text/units.ts';
import type { CommandIo } from './command.ts';

/** What MLflow holds of a run, or why it can't be asked. */
export type MlflowAnswer = MlflowVerdict | { readonly fault: string };

/** `undefined` for a run that wasn't to be written to MLflow. */
export async function askMlflow(
  run: SentRun,
  { config, env }: DestinationContext,
): Promise<MlflowAnswer | undefined> {
  try {
    return await verifyInMlflow(run, readMlflowSettings(config.mlflow, env));
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/** Nothing is missing, and nothing is another. What lies beside and durations are only told. */
export function isWholeInMlflow(answer: MlflowAnswer): boolean {
  if ('fault' in answer) return false;
  return !answer.findings.some(({ kind }) => kind === 'missing' || kind === 'differs');
}

/** A server among the tools' own stores that carry the run's ID. (Databases are looked into with the others.) */
export function toServerRunIds(answer: MlflowAnswer | undefined): FoundRunId[] {
  if (answer === undefined || 'fault' in answer || !/^https?:/.test(answer.url)) return [];
  const { url: where, runCount, userRunCount } = answer;
  const carries = runCount > 0 ? 'yes' : 'no';
  const detail =
    runCount > 0
      ? `stagelight.run_id on ${formatCount(runCount, 'run')}, ${userRunCount} of them your own`
      : 'it has no stagelight.run_id of this run';
  return [{ tool: 'mlflow', where, carries, detail }];
}

const MAX_SHOWN = 20;

export function drawMlflow(answer: MlflowAnswer | undefined, io: CommandIo): string {
  if (answer === undefined) return '';
  const paint = createPaint(io.stdout, io.env);
  const mark = toMark(isWholeInMlflow(answer) ? 'success' : 'failure', paint);
  const title = `${paint.paint(mark.text, mark.style)} mlflow`;
  if ('fault' in answer) return `\n${title}  ${escapeLine(answer.fault)}\n`;
  const { url, trialCount, userRunCount, findings } = answer;
  const counts = `${formatCount(trialCount, 'trial')}, ${formatCount(userRunCount, 'run')} of your own`;
  const shown = findings.slice(0, MAX_SHOWN).map(({ text }) => `    ${escapeLine(text)}`);
  const more = findings.length - shown.length;
  return [
    '',
    `${title}  ${counts}  ${escapeLine(url)}`,
    ...shown,
    ...(more > 0 ? [`    and ${more} more`] : []),
    '',
  ].join('\n');
}
