import { join } from 'node:path';
import { findHookFolder } from '../recording/python-hook.ts';
import type { SentRun } from '../sink/destination.ts';
import { findRunIds } from '../view/run-ids/find-run-ids.ts';
import type { FoundRunId } from '../view/run-ids/asked.ts';
import { layoutColumns } from '../view/text/columns.ts';
import type { Cell } from '../view/text/columns.ts';
import { escapeLine } from '../view/text/escape.ts';
import { toMark } from '../view/text/marks.ts';
import { createPaint } from '../view/text/paint.ts';
import type { CommandIo } from './command.ts';

/** Looks for the run's ID in the stores of the tools that took part in it. */
export async function askTools(run: SentRun, io: CommandIo): Promise<readonly FoundRunId[]> {
  const folder = findHookFolder();
  const script = folder === undefined ? undefined : join(folder, 'find_run_id.py');
  return await findRunIds({ runDir: run.runDir, info: run.info, env: io.env, script });
}

const MARKS = { yes: 'success', no: 'failure', unknown: undefined } as const;

/** Which tools carry the run's ID, a line each. */
export function drawRunIds(ids: readonly FoundRunId[], io: CommandIo): string {
  if (ids.length === 0) return '';
  const paint = createPaint(io.stdout, io.env);
  const rows = ids.map(({ tool, where, carries, detail }): Cell[] => [
    toMark(MARKS[carries], paint),
    tool,
    escapeLine(where),
    escapeLine(detail),
  ]);
  const lines = layoutColumns(rows, [{}, {}, { minWidth: 12 }, {}], paint);
  return `\nthe run's ID in the tools' own stores\n${lines.join('\n')}\n`;
}
