import { RecordSource } from './emit.ts';
import { describeException, toExceptionRecord, wasRecorded } from './exception.ts';
import type { Exception } from './exception.ts';
import { safely } from './safely.ts';

const source = new RecordSource('stagelight');

/** Records what was thrown, in the active span: once, in the innermost of the stages that it passes through. Never throws. */
export function recordException(thrown: unknown): Exception {
  const exception = describeException(thrown);
  if (!wasRecorded(thrown))
    safely(() => source.emit(toExceptionRecord(exception, { isFatal: false })));
  return exception;
}
