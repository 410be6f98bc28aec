import { ATTR } from '../model/attributes.ts';
import type { Attributes, AttributeValue } from '../model/pipeline.ts';
import { fromLevelName, fromPythonLevel } from '../model/severity.ts';
import type { Grammar } from './grammar.ts';
import { toToldByRun } from './prefect.ts';
import { parseTraceback } from './traceback-block.ts';

/**
 * One JSON object a line, as structlog, python-json-logger, loguru (`serialize=True`), Prefect (with its formatter `json`),
 * pino, bunyan and zap write them. Only an object with a message and a level is a log record; other JSON (a metrics dump,
 * say) is plain text.
 */
export const jsonLines: Grammar = {
  name: 'json',
  starts: '{',
  read(line) {
    if (!line.endsWith('}') || line.length > MAX_LENGTH) return undefined;
    const fields = parseRecord(line);
    if (fields === undefined) return undefined;
    const body = take(fields, MESSAGE_KEYS);
    const level = take(fields, LEVEL_KEYS);
    const severity = toSeverity(level, fields);
    if (typeof body !== 'string' || severity === undefined) return undefined;
    const stamp = take(fields, TIME_KEYS);
    const logger = take(fields, LOGGER_KEYS);
    const told = toToldByRun(fields, body);
    return {
      body,
      severity,
      severityText: String(level),
      ...(stamp !== undefined && { stamp: String(stamp) }),
      ...(typeof logger === 'string' && logger !== '' && { logger }),
      attributes: { ...told?.attributes, ...toAttributes(fields) },
      ...(told && { event: told.event, repeats: told.repeats }),
    };
  },
};

const MAX_LENGTH = 64 * 1024;
const MAX_ATTRIBUTES = 64;
const MESSAGE_KEYS = ['message', 'msg', 'event'];
const LEVEL_KEYS = ['level', 'levelname', 'severity', 'log.level', 'lvl'];
const TIME_KEYS = ['timestamp', 'time', 'asctime', 'ts', '@timestamp', 'created'];
const LOGGER_KEYS = ['logger', 'logger_name', 'name'];
const STACK_KEYS = ['exc_info', 'exception', 'exc_text', 'stack', 'stacktrace', 'stack_trace'];

type Fields = Record<string, unknown>;

function parseRecord(line: string): Fields | undefined {
  const fields = parseObject(line);
  const record = fields?.['record'];
  // loguru puts the record beside the text that it would have printed.
  return typeof fields?.['text'] === 'string' && isObject(record) ? fromLoguru(record) : fields;
}

function fromLoguru(record: Fields): Fields {
  const { level, time, file, line, function: functionName, extra, exception, ...rest } = record;
  return {
    message: rest['message'],
    name: rest['name'],
    level: isObject(level) ? level['name'] : undefined,
    time: isObject(time) ? time['timestamp'] : undefined,
    [ATTR.codeFilePath]: isObject(file) ? file['path'] : undefined,
    [ATTR.codeLine]: line,
    [ATTR.codeFunction]: functionName,
    ...(isObject(exception) && { exception }),
    ...(isObject(extra) && extra),
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Python writes NaN and Infinity as they are, which JSON doesn't have. */
const NOT_A_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;
const MARK = '\u0000number ';

function parseObject(line: string): Fields | undefined {
  const value = tryParse(line) ?? (/NaN|Infinity/.test(line) ? tryParseLoose(line) : undefined);
  return isObject(value) ? value : undefined;
}

function tryParse(line: string, revive?: (key: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(line, revive);
  } catch {
    return undefined;
  }
}

function tryParseLoose(line: string): unknown {
  const quoted = line.replace(NOT_A_NUMBER, (token) =>
    token.startsWith('"') ? token : JSON.stringify(MARK + token),
  );
  return tryParse(quoted, (_, value) =>
    typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
  );
}

function take(fields: Fields, keys: readonly string[]): unknown {
  const key = keys.find((name) => Object.hasOwn(fields, name));
  if (key === undefined) return undefined;
  const value = fields[key];
  delete fields[key];
  return value;
}

function toSeverity(level: unknown, fields: Fields): number | undefined {
  if (typeof level === 'string') return fromLevelName(level);
  if (typeof level !== 'number') return undefined;
  // pino and bunyan count one step higher than Python: 30 is their INFO. They always write the process and the host.
  const isPino = Object.hasOwn(fields, 'pid') && Object.hasOwn(fields, 'hostname');
  return fromPythonLevel(isPino ? level - 10 : level);
}

function toAttributes(fields: Fields): Attributes {
  const attributes: Attributes = {};
  for (const key of STACK_KEYS) {
    if (fields[key] === null || fields[key] === undefined) continue;
    Object.assign(attributes, toException(take(fields, [key])));
  }
  for (const [key, value] of Object.entries(fields).slice(0, MAX_ATTRIBUTES)) {
    if (key !== '__proto__' && value !== null && value !== undefined)
      attributes[key] = toAttributeValue(value);
  }
  return attributes;
}

/** A traceback as text, or an object with its parts. */
function toException(value: unknown): Attributes {
  if (typeof value === 'string') {
    return parseTraceback(value) ?? { [ATTR.exceptionStacktrace]: value };
  }
  if (!isObject(value)) return {};
  const { type, message, value: argument, traceback } = value;
  const attributes: Attributes = {};
  if (typeof type === 'string') attributes[ATTR.exceptionType] = type;
  if (typeof (message ?? argument) === 'string')
    attributes[ATTR.exceptionMessage] = String(message ?? argument);
  if (typeof traceback === 'string') attributes[ATTR.exceptionStacktrace] = traceback;
  return attributes;
}

function toAttributeValue(value: unknown): AttributeValue {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? value : (JSON.stringify(value) ?? '');
}
