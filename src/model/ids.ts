import { createHash, randomBytes } from 'node:crypto';

/** A trace ID as W3C and OTLP/JSON write it: 32 lower-case hex digits, not all zero. The run ID is one. */
export type RunId = string;
/** 16 lower-case hex digits, not all zero. */
export type SpanId = string;

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

/** Whether `text` can be a run ID (and so a trace ID). */
export function isRunId(text: string): boolean {
  return TRACE_ID.test(text);
}

/** A new random run ID. It has the bits of a UUID version 4, so that tools that ask for a UUID take it too. */
export function createRunId(): RunId {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex');
}

/**
 * Span IDs are derived, so that every observer of a thing (console, hook, shell shim, API) names its span alike
 * without asking anyone: the first 8 bytes of SHA-256 over the parts, joined by newlines.
 */
function derive(...parts: readonly (string | number)[]): SpanId {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** The span of the run itself. */
export function toRootSpanId(runId: RunId): SpanId {
  return derive(runId);
}

/** The span of a stage's `execution`-th execution (from 1) in the run. `address` is DVC's: `train`, `sub/dvc.yaml:train@lr0.1`. */
export function toStageSpanId(runId: RunId, address: string, execution: number): SpanId {
  return derive(runId, address, execution);
}

/** The span of a study inside `parent` (a stage's span, else the root span). */
export function toStudySpanId(parent: SpanId, study: string): SpanId {
  return derive(parent, 'study', study);
}

/** The span of trial `number` of `study` inside `parent` (a stage's span, else the root span). */
export function toTrialSpanId(parent: SpanId, study: string, number: number): SpanId {
  return derive(parent, study, number);
}

/** The span of a stage's `index`-th command (from 0). */
export function toCommandSpanId(stage: SpanId, index: number): SpanId {
  return derive(stage, index);
}
