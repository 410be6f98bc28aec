import { performance } from 'node:perf_hooks';
import type { Result } from '../../model/pipeline.ts';
import { describeException, toExceptionRecord, wasRecorded } from './exception.ts';
import type { Exception } from './exception.ts';
import type { RecordDraft } from './record-draft.ts';
import type { RecordedSpan, Recording, SpanOutcome } from './recording.ts';
import { safely } from './safely.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** What a program that handles one of them mostly exits with: 128 and the signal's number. */
const SIGNAL_CODES: ReadonlySet<number> = new Set([129, 130, 143]);

/** What the hooks act on. */
export interface Watched {
  getRecording(): Recording | undefined;
  /** Makes a record, in the span that is active. */
  emit(draft: RecordDraft): void;
}

let watched: Watched | undefined;
/** What ends the program, when it is an exception that nobody catches. */
let uncaught: Exception | undefined;
/** What the run's own process has to do at its end, before its entries are written out. */
const atExit = new Set<(end: ProcessEnd) => void>();

/** How this process ends. */
export interface ProcessEnd extends SpanOutcome {
  readonly result: Result;
  readonly code: number;
}

/** Sees to it that nothing is lost however this process ends. */
export function watchProcess(given: Watched): void {
  if (watched !== undefined) return;
  watched = given;
  // The monitor changes nothing of what an uncaught exception does. https://nodejs.org/api/process.html#event-uncaughtexceptionmonitor
  process.on('uncaughtExceptionMonitor', (error) => safely(() => noteUncaught(error)));
  process.on('exit', (code) => safely(() => endAll(code)));
}

/** Calls `step` when the process ends, until the function that this gives is called. */
export function onProcessEnd(step: (end: ProcessEnd) => void): () => void {
  atExit.add(step);
  return () => atExit.delete(step);
}

/** Longer than this a turn of the event loop has run something of the program's. */
const MAX_TURN_MS = 1;
let isWaiting = false;
let isListening = false;

/**
 * While entries wait in memory, signals that would kill the process are caught, and passed on when these are written. At
 * other times they kill it as they would without us: with a handler of ours a program that computes without a pause couldn't
 * be interrupted.
 */
export function onWaiting(isWaitingNow: boolean): void {
  isWaiting = isWaitingNow;
  if (isWaiting && !isListening) {
    isListening = true;
    for (const signal of SIGNALS) process.prependListener(signal, handleSignal);
  } else if (!isWaiting && isListening) {
    stopListeningLater();
  }
}

/**
 * A signal that has come is handed to us in the next poll of the event loop, and forgotten when we have stopped listening
 * by then. So that is done right behind a poll: in the second of two turns in which nothing else took time.
 */
function stopListeningLater(): void {
  setImmediate(() => {
    const startMs = performance.now();
    setImmediate(() => {
      if (isWaiting) return;
      if (performance.now() - startMs > MAX_TURN_MS) stopListeningLater();
      else stopListening();
    }).unref();
  }).unref();
}

function stopListening(): void {
  isListening = false;
  for (const signal of SIGNALS) process.removeListener(signal, handleSignal);
}

// Called before the program's own handlers, which are all still there then, those for one time included.
function handleSignal(signal: NodeJS.Signals): void {
  safely(() => watched?.getRecording()?.flush());
  stopListening();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function noteUncaught(error: unknown): void {
  const isFatal = process.listenerCount('uncaughtException') === 0;
  const exception = describeException(error);
  const isKnown = wasRecorded(error);
  if (isFatal) uncaught = exception;
  // One that a stage was ended by has its stack there.
  if (isKnown && !isFatal) return;
  const told = isKnown ? { ...exception, stack: undefined } : exception;
  watched?.emit(toExceptionRecord(told, { isFatal }));
}

function endAll(code: number): void {
  const recording = watched?.getRecording();
  if (recording === undefined) return;
  const end = toProcessEnd(code);
  recording.end((span) => toOutcome(span, end));
  for (const step of atExit) step(end);
  recording.flush();
}

function toProcessEnd(code: number): ProcessEnd {
  if (code === 0) return { result: 'success', code };
  const result = SIGNAL_CODES.has(code) ? 'cancellation' : 'failure';
  return {
    result,
    code,
    errorType: uncaught?.type ?? String(code),
    ...(uncaught !== undefined && { errorMessage: uncaught.message }),
  };
}

/** How a span ends that the process's end cut short. */
function toOutcome({ kind }: RecordedSpan, end: ProcessEnd): SpanOutcome {
  const { code: _code, result, ...error } = end;
  const inferred = ['end_time'];
  if (kind === 'trial') return { state: 'FAIL', inferred, ...error };
  if (kind === 'stage') return { result, inferred, ...error };
  return result === 'failure' ? { status: 'error', inferred, ...error } : { inferred };
}
