import { describe, expect, test } from 'vitest';
import { ATTR } from '../../../src/model/attributes.ts';
import type { StoredRecord, StoredSpan } from '../../../src/spool/signal-reader.ts';
import { mergeConsole } from '../../support/merge-console.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { findUncovered, findUnordered, loadTranscripts } from '../../support/transcript.ts';

/**
 * Output of real tools, recorded as it was read. What is expected was checked against what the tools themselves kept
 * (Optuna's storages, `dvc.lock`, Python's own log records): see the README beside the fixtures.
 */
describe.each(loadTranscripts())('$name: $about', (transcript) => {
  const merge = () =>
    mergeConsole(transcript.chunks, { home: createTemporaryDir(), command: transcript.command });

  test('every line is in exactly one record, in order', () => {
    const { records } = merge();

    expect(findUncovered(transcript.chunks, records)).toEqual([]);
    expect(findUnordered(records)).toEqual([]);
  });

  test('every stage and every finished trial is found, and no other', () => {
    const { spans } = merge();

    expect(spans.filter(isStage).map(toStage)).toEqual(transcript.stages);
    expect(spans.filter(({ name }) => name === 'trial').map(toTrial)).toEqual(transcript.trials);
  });

  test('levels and exceptions are those of the lines, and no other line has one', () => {
    const { records } = merge();

    const leveled = records.filter(({ severity }) => severity > 0);
    expect(leveled.map(toLeveled)).toEqual(transcript.leveled);
  });

  test('no two records have the same uid', () => {
    const { records } = merge();

    const uids = records.map(({ attributes }) => attributes[ATTR.uid]);
    expect(new Set(uids).size).toBe(uids.length);
  });
});

function isStage({ attributes }: StoredSpan): boolean {
  return attributes[ATTR.dvcAddressing] !== undefined;
}

function toStage({ attributes }: StoredSpan): unknown[] {
  return [attributes[ATTR.dvcAddressing], attributes[ATTR.dvcOutcome]];
}

function toTrial({ attributes }: StoredSpan): unknown[] {
  const values = [attributes[ATTR.trialValues] ?? attributes[ATTR.trialValue] ?? []].flat();
  return [
    attributes[ATTR.studyName],
    attributes[ATTR.trialNumber],
    attributes[ATTR.trialState],
    // JSON has no infinities, and no -0
    ...values.map((value) => (Number.isFinite(value) ? Number(value) + 0 : String(value))),
  ];
}

function toLeveled({ severity, body, attributes }: StoredRecord): unknown[] {
  const type = attributes[ATTR.exceptionType];
  return [severity, body.split('\n')[0]!.slice(0, 100), ...(type === undefined ? [] : [type])];
}
