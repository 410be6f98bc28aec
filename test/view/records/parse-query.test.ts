import { expect, test } from 'vitest';
import { parseLevel, parsePattern } from '../../../src/view/records/parse-query.ts';
import { parseSince } from '../../../src/view/records/parse-since.ts';
import { createStageTest } from '../../../src/view/records/stage-names.ts';

test.each([
  ['warning', 13],
  ['WARN', 13],
  ['Error', 17],
  ['30', 13],
  ['25', 12],
  ['10', 5],
  ['0', 1],
  ['critical', 21],
  ['loud', undefined],
  ['-1', undefined],
])('level %s begins at severity %s', (text, severity) => {
  expect(parseLevel(text)).toBe(severity);
});

test.each([
  ['loss', 'im'],
  ['Loss', 'm'],
  ['\\S+ loss', 'im'],
  ['\\Dß', 'im'],
  ['Ä', 'm'],
])('/%s/ is searched with the flags %s', (text, flags) => {
  expect(parsePattern(text).flags).toBe(flags);
});

const NOW: [number, number] = [Date.UTC(2026, 10, 23, 6, 30) / 1000, 0];
const utc = (text: string): [number, number] => [Date.parse(text) / 1000, 0];

test.each([
  ['10m', utc('2026-11-23T06:20:00Z')],
  ['2h', utc('2026-11-23T04:30:00Z')],
  ['1.5h', utc('2026-11-23T05:00:00Z')],
  ['90 s', utc('2026-11-23T06:28:30Z')],
  ['1d', utc('2026-11-22T06:30:00Z')],
  ['2026-11-23T06:00:00Z', utc('2026-11-23T06:00:00Z')],
  ['2026-11-23T06:00:00+02:00', utc('2026-11-23T04:00:00Z')],
  ['2026-11-23 06:00:01', utc('2026-11-23T06:00:01Z')],
  ['2026-11-23T06:05Z', utc('2026-11-23T06:05:00Z')],
  ['2026-11-20', utc('2026-11-20T00:00:00Z')],
  ['06:10', utc('2026-11-23T06:10:00Z')],
  ['06:10:30', utc('2026-11-23T06:10:30Z')],
  ['06:40', utc('2026-11-22T06:40:00Z')],
  ['yesterday', undefined],
  ['10', undefined],
  ['', undefined],
])('since %j', (text, time) => {
  expect(parseSince(text, NOW)).toEqual(time);
});

test.each([
  ['train', ['train', 'train@lr0.1', 'sub/dvc.yaml:train']],
  ['train@lr0.1', ['train@lr0.1']],
  ['sub/dvc.yaml:train', ['sub/dvc.yaml:train']],
  ['*', ['train', 'train@lr0.1', 'sub/dvc.yaml:train', 'pretrain']],
  ['t*', ['train', 'train@lr0.1', 'sub/dvc.yaml:train']],
  ['?retrain', ['pretrain']],
  ['tr.in', []],
])('--stage %s', (wanted, stages) => {
  const all = ['train', 'train@lr0.1', 'sub/dvc.yaml:train', 'pretrain'];
  expect(all.filter(createStageTest(wanted))).toEqual(stages);
});
