import { SEVERITY } from '../../model/severity.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { toAttributes, toJson } from './attributes.ts';
import type { GivenAttributes } from './attributes.ts';
import { RecordSource } from './emit.ts';
import { describeException, toExceptionAttributes } from './exception.ts';
import { safely, tellFault, toText } from './safely.ts';

/**
 * Makes one log record.
 *
 * @param message the text, or an error: its message, with its class and stack as `exception.type` and so on
 * @param attributes what the record says beside its text. An `Error` under the name `error` becomes the record's exception.
 */
export type LogMethod = (message: string | Error, attributes?: GivenAttributes) => void;

/**
 * Logs into the run: every record lies in the stage or trial that it is made in. Nothing is printed.
 *
 * A record that the call has returned for is never lost: not in a burst, not when the process exits, throws or is
 * terminated. (SIGKILL loses what a burst has left in memory, 50 ms of it at most while the event loop turns.) A message
 * over 128 KiB becomes several records. No method ever throws.
 *
 * Outside a run nothing is recorded, unless the program has registered an OpenTelemetry logger provider of its own.
 */
export interface Logger {
  /** The OpenTelemetry instrumentation scope of its records: `app` for {@link logger}. */
  readonly name: string;
  /** Severity number 1. */
  readonly trace: LogMethod;
  /** Severity number 5. */
  readonly debug: LogMethod;
  /** Severity number 9. */
  readonly info: LogMethod;
  /** Severity number 13. */
  readonly warn: LogMethod;
  /** Severity number 17. */
  readonly error: LogMethod;
  /** Severity number 21: for what ends the program. */
  readonly fatal: LogMethod;
  /** A logger for a part of the program: `app.<name>`. Make it once. */
  child(name: string): Logger;
}

function createLogger(name: string): Logger {
  const source = new RecordSource(name);
  const toMethod = (severity: number, severityText: string): LogMethod => {
    return (message, attributes) => {
      try {
        if (typeof message === 'string' && attributes === undefined)
          source.emitText(severity, severityText, message);
        else source.emit({ severity, severityText, ...toContent(message, attributes) });
      } catch (error) {
        tellFault(error);
      }
    };
  };
  return {
    name,
    trace: toMethod(SEVERITY.trace, 'TRACE'),
    debug: toMethod(SEVERITY.debug, 'DEBUG'),
    info: toMethod(SEVERITY.info, 'INFO'),
    warn: toMethod(SEVERITY.warn, 'WARN'),
    error: toMethod(SEVERITY.error, 'ERROR'),
    fatal: toMethod(SEVERITY.fatal, 'FATAL'),
    child: (part) => createLogger(`${name}.${toText(part)}`),
  };
}

/**
 * The program's logger.
 *
 * @example
 * ```ts
 * logger.info('read the data', { rows: 344 });
 * try {
 *   await upload();
 * } catch (error) {
 *   logger.warn('upload failed, trying again', { error });
 * }
 * const reader = logger.child('reader');
 * ```
 */
export const logger: Logger = createLogger('app');

function toContent(
  message: unknown,
  given: GivenAttributes | undefined,
): { body: string; attributes: Attributes } {
  const attributes = toAttributes(given);
  const error = readError(given);
  const thrown = message instanceof Error ? message : error;
  if (error !== undefined && error === thrown) delete attributes['error'];
  if (thrown !== undefined)
    Object.assign(attributes, toExceptionAttributes(describeException(thrown)));
  return { body: toBody(message), attributes };
}

function readError(given: GivenAttributes | undefined): Error | undefined {
  try {
    const { error } = (given ?? {}) as { error?: unknown };
    return error instanceof Error ? error : undefined;
  } catch {
    return undefined; // a getter that throws
  }
}

/** JavaScript programs pass anything. */
function toBody(message: unknown): string {
  if (message instanceof Error) return describeException(message).message;
  const json = typeof message === 'object' ? safely(() => toJson(message)) : undefined;
  return json ?? toText(message);
}
