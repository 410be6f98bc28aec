import type { Block, Grammar, Reading } from './grammar.ts';
import { TracebackAfterBlock } from './traceback-after.ts';
import { TracebackBlock, toTracebackKind } from './traceback-block.ts';

/**
 * Python tracebacks, as the interpreter, `traceback.print_exc`, threads, processes, asyncio, loguru and rich write them: one
 * record with type, message and stack, chained exceptions and exception groups included. The record's exception is the
 * last one of a chain, the one that was raised in the end. Checked on CPython 3.11.
 */
export const traceback: Grammar = {
  name: 'python',
  starts: 'T EPF-cjm╭',
  read(line) {
    const isOpening =
      toTracebackKind(line) !== undefined || SYNTAX_ERROR.test(line) || REMOTE.test(line);
    if (isOpening) return toReading(line, () => new TracebackBlock(line));
    if (line === LOGGING_ERROR) return toReading(line, () => new TracebackAfterBlock('', CALL));
    return ANNOUNCEMENT.test(line)
      ? toReading(line, () => new TracebackAfterBlock('', FUTURE))
      : undefined;
  },
};

// The place of a syntax error in the program's own file: the frames above it are the interpreter's and not printed.
const SYNTAX_ERROR = /^ {2}File ".{1,1000}", line \d{1,9}$/;
// What a worker process raised, as `concurrent.futures`, `multiprocessing` and joblib hand it on.
const REMOTE =
  /^(?:concurrent\.futures\.process\._|joblib\.externals\.loky\.process_executor\._|multiprocessing\.pool\.)RemoteTraceback: $/;
// What is printed before the traceback of a thread, a process, a task or of an exception that nobody can catch.
const ANNOUNCEMENT =
  /^(?:Exception in thread .{1,300}:|Exception ignored [a-z].{1,400}|Process \S{1,200}:|(?:Task|Future) exception was never retrieved)$/;
const FUTURE = /^(?:future|task|handle): </;
// `logging`'s own failure, with the call that it failed in.
const LOGGING_ERROR = '--- Logging error ---';
const CALL = /^(?:Call stack:$| {2}File "| {4}|Message: |Arguments: )/;

function toReading(body: string, block: () => Block): Reading {
  return { body, block };
}
