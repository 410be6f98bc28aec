import type { SpanId } from '../model/ids.ts';
import type { ChildExitEntry, SpanEndEntry } from '../model/inbox.ts';
import { judgeExit } from '../model/exit.ts';

/** The end of the span that a command is, by how the command ended. */
export function toSpanEnd(span: SpanId, exit: ChildExitEntry): SpanEndEntry {
  const { result, errorType, errorMessage } = judgeExit(exit);
  return {
    type: 'span-end',
    time: exit.time,
    span,
    result,
    ...(errorType !== undefined && { errorType }),
    ...(errorMessage !== undefined && { errorMessage }),
  };
}
