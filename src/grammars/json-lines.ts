import { ATTR } from '../model/attributes.ts';
import type { Attributes, AttributeValue } from '../model/pipeline.ts';
import { fromLevelName, fromPythonLevel } from '../model/severity.ts';
import type { Grammar } from './grammar.ts';

/**
 * One JSON object a line, as structlog, python-json-logger, pino, bunyan and zap write them. Only an object with a
 * message and a level is a log record; other JSON (a metrics dump, say) is plain text.
 */
export const jsonLines: Grammar = {
  name: 'json',
  starts: '{',
  read(line) {
    if (!line.endsWith('}') || line.length > MAX_LENGTH) return undefined;
    const fields = parseObject(line);
    if (fields === undefined) return undefined;
    const body = take(fields, MESSAGE_KEYS);
    const level = take(fields, LEVEL_KEYS);
    const severity = toSeverity(level, fields);
    if (typeof body !== 'string' || severity === undefined) return undefined;
    const stamp = take(fields, TIME_KEYS);
    const logger = take(fields, LOGGER_KEYS);
    return {
      body,
      severity,
      severityText: String(level),
      ...(stamp !== undefined && { stamp: String(stamp) }),
      ...(typeof logger === 'string' && logger !== '' && { logger }),
      attributes: toAttributes(fields),
    };
  },
};

const MAX_LENGTH = 64 * 1024;
const MAX_ATTRIBUTES = 64;
const MESSAGE_KEYS = ['message', 'msg', 'event'];
const LEVEL_KEYS = ['level', 'levelname', 'severity', 'log.level', 'lvl'];
const TIME_KEYS = ['timestamp', 'time', 'asctime', 'ts', '@timestamp'];
const LOGGER_KEYS = ['logger', 'logger_name', 'name'];
const STACK_KEYS = ['exc_info', 'exception', 'stack', 'stacktrace', 'stack_trace'];

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function take(fields: Record<string, unknown>, keys: readonly string[]): unknown {
  const key = keys.find((name) => Object.hasOwn(fields, name));
  if (key === undefined) return undefined;
  const value = fields[key];
  delete fields[key];
  return value;
}

function toSeverity(level: unknown, fields: Record<string, unknown>): number | undefined {
  if (typeof level === 'string') return fromLevelName(level);
  if (typeof level !== 'number') return undefined;
  // pino and bunyan count one step higher than Python: 30 is their INFO. They always write the process and the host.
  const isPino = Object.hasOwn(fields, 'pid') && Object.hasOwn(fields, 'hostname');
  return fromPythonLevel(isPino ? level - 10 : level);
}

function toAttributes(fields: Record<string, unknown>): Attributes {
  const attributes: Attributes = {};
  const stack = take(fields, STACK_KEYS);
  if (typeof stack === 'string') attributes[ATTR.exceptionStacktrace] = stack;
  for (const [key, value] of Object.entries(fields).slice(0, MAX_ATTRIBUTES)) {
    if (key !== '__proto__') attributes[key] = toAttributeValue(value);
  }
  return attributes;
}

function toAttributeValue(value: unknown): AttributeValue {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? value : (JSON.stringify(value) ?? '');
}
