import { ATTR } from '../../model/attributes.ts';
import { toShownBody } from '../../model/shown-text.ts';
import { compareTimes, toNanoString } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import { findLiteral } from './literal.ts';
import { CaselessNeedle, Needle, isBefore, readSeverity } from './raw-record.ts';
import type { RawRecord } from './raw-record.ts';

/** Which records are asked for; all conditions have to hold. */
export interface RecordQuery {
  /** The lowest severity number; records without a level don't have it. */
  readonly minimumSeverity?: number | undefined;
  /** Whether records of a stage are wanted; those outside of stages aren't. */
  readonly isStage?: ((name: string) => boolean) | undefined;
  readonly trial?: number | undefined;
  /** Has to match the message or the stack trace. */
  readonly pattern?: RegExp | undefined;
  readonly since?: UnixTime | undefined;
}

/** Decides about records, first by their bytes and then for sure. */
export interface RecordFilter {
  /** False when the record isn't asked for; true says nothing. */
  readonly mayTake: (raw: RawRecord) => boolean;
  readonly accepts: (record: StoredRecord) => boolean;
}

type RawTest = (raw: RawRecord) => boolean;
type Test = (record: StoredRecord) => boolean;

export function createFilter(query: RecordQuery): RecordFilter {
  const conditions = [
    query.minimumSeverity === undefined ? undefined : ofSeverity(query.minimumSeverity),
    query.since === undefined ? undefined : ofTime(query.since),
    query.trial === undefined ? undefined : ofTrial(query.trial),
    query.isStage === undefined ? undefined : ofStage(query.isStage),
    query.pattern === undefined ? undefined : ofPattern(query.pattern),
  ].filter((condition) => condition !== undefined);
  return {
    mayTake: (raw) => conditions.every((condition) => condition.mayTake(raw)),
    accepts: (record) => conditions.every((condition) => condition.accepts(record)),
  };
}

interface Condition {
  readonly mayTake: RawTest;
  readonly accepts: Test;
}

function ofSeverity(minimum: number): Condition {
  return {
    mayTake: (raw) => readSeverity(raw) >= minimum,
    accepts: (record) => record.severity >= minimum,
  };
}

function ofTime(since: UnixTime): Condition {
  const nanos = Buffer.from(toNanoString(since).padStart(19, '0'));
  return {
    mayTake: (raw) => !isBefore(raw, nanos),
    accepts: (record) => compareTimes(record.time ?? record.observed, since) >= 0,
  };
}

function ofTrial(trial: number): Condition {
  const needle = new Needle(`"${ATTR.trialNumber}","value":{"intValue":"${trial}"`);
  return {
    mayTake: (raw) => needle.findEnd(raw) !== undefined,
    accepts: (record) => record.attributes[ATTR.trialNumber] === trial,
  };
}

const QUOTE = 0x22;

function ofStage(isStage: (name: string) => boolean): Condition {
  const needle = new Needle(`"${ATTR.taskName}","value":{"stringValue":"`);
  // Records of a stage come in their thousands, with the same name as it stands in JSON.
  const known = new Map<string, boolean>();
  const isWanted = (encoded: string): boolean => {
    let answer = known.get(encoded);
    if (answer === undefined) {
      answer = encoded.includes('\\') || isStage(Buffer.from(encoded, 'latin1').toString());
      known.set(encoded, answer);
    }
    return answer;
  };
  return {
    mayTake: (raw) => {
      const start = needle.findEnd(raw);
      if (start === undefined) return false;
      return isWanted(raw.line.toString('latin1', start, raw.line.indexOf(QUOTE, start)));
    },
    accepts: (record) => {
      const name = record.attributes[ATTR.taskName];
      return typeof name === 'string' && isStage(name);
    },
  };
}

function ofPattern(pattern: RegExp): Condition {
  return {
    mayTake: toLiteralTest(pattern),
    accepts: ({ body, attributes }) =>
      pattern.test(toShownBody(body, attributes[ATTR.exceptionStacktrace])),
  };
}

function toLiteralTest(pattern: RegExp): RawTest {
  const literal = findLiteral(pattern.source);
  if (literal === '') return () => true;
  if (pattern.ignoreCase) {
    const needle = new CaselessNeedle(literal);
    return (raw) => needle.isIn(raw);
  }
  const needle = new Needle(literal);
  return (raw) => needle.findEnd(raw) !== undefined;
}
