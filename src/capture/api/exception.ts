import { ATTR } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { SEVERITY } from '../../model/severity.ts';
import { cutText } from './attributes.ts';
import type { RecordDraft } from './record-draft.ts';
import { toText } from './safely.ts';

/** What is known of something that was thrown. */
export interface Exception {
  /** The class of an error, else the type of the value that was thrown. */
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
}

const MAX_CAUSES = 5;

/** Describes whatever was thrown. Never throws itself. */
export function describeException(thrown: unknown): Exception {
  try {
    if (thrown instanceof Error) {
      return {
        type: toType(thrown),
        message: cutText(toText(thrown.message)),
        stack: toStack(thrown),
      };
    }
    return { type: typeof thrown, message: cutText(toText(thrown)), stack: undefined };
  } catch {
    return { type: typeof thrown, message: '[unreadable]', stack: undefined };
  }
}

/** An exception's attributes on a log record. */
export function toExceptionAttributes({ type, message, stack }: Exception): Attributes {
  return {
    [ATTR.exceptionType]: type,
    [ATTR.exceptionMessage]: message,
    ...(stack !== undefined && { [ATTR.exceptionStacktrace]: stack }),
  };
}

/** The record of an exception that an operation, or with `isFatal` the program, ends with. */
export function toExceptionRecord(
  exception: Exception,
  { isFatal }: { isFatal: boolean },
): RecordDraft {
  return {
    severity: isFatal ? SEVERITY.fatal : SEVERITY.error,
    severityText: isFatal ? 'FATAL' : 'ERROR',
    body: `${exception.type}: ${exception.message}`,
    attributes: toExceptionAttributes(exception),
  };
}

/** Classes that derive from `Error` mostly leave its `name` as it is. */
function toType(error: Error): string {
  const { name } = error;
  return name === 'Error' ? (error.constructor?.name ?? name) : toText(name);
}

// Each stage around the error would add seven of these, and V8 keeps ten frames in all.
const OWN_FRAME = new RegExp(
  String.raw`\n    at [^\n]*(?:${escape(new URL('.', import.meta.url).href)}|/@opentelemetry/(?:api|context-async-hooks)/|\(node:async_hooks:)[^\n]*`,
  'g',
);

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** The stack, and those of its causes, without the frames between the program's own that are ours. */
function toStack(error: Error): string | undefined {
  const texts: string[] = [];
  let next: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && next instanceof Error; depth += 1) {
    if (typeof next.stack === 'string') texts.push(next.stack.replaceAll(OWN_FRAME, ''));
    next = next.cause;
  }
  return texts.length === 0 ? undefined : cutText(texts.join('\nCaused by: '));
}

const recorded = new WeakSet<object>();

/** Whether this exception is in the run already; it is from now on. What isn't an object can't be told from its like. */
export function wasRecorded(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  if (recorded.has(thrown)) return true;
  recorded.add(thrown);
  return false;
}
