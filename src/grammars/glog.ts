import { ATTR } from '../model/attributes.ts';
import { fromLevelName } from '../model/severity.ts';
import type { Grammar } from './grammar.ts';
import { createRecordBlock } from './traceback-after.ts';

/**
 * glog's lines, as absl, TensorFlow and XLA write them: `W1123 06:30:51.013000 22307 train.py:12] message`, and TensorFlow's
 * older `2026-11-23 06:30:51.013000: W tensorflow/core/file.cc:12] message`.
 */
export const glog: Grammar = {
  name: 'glog',
  starts: 'DIWEFC2',
  read(line) {
    const match = LINE.exec(line) ?? TENSORFLOW.exec(line);
    if (match === null) return undefined;
    const { letter, stamp, path, row, body } = match.groups as Record<string, string>;
    const severity = fromLevelName(LEVELS[letter!]!);
    return {
      body: body!,
      stamp: stamp!,
      severityText: letter!,
      severity,
      attributes: { [ATTR.codeFilePath]: path!, [ATTR.codeLine]: Number(row) },
      block: createRecordBlock({ severity, logger: undefined, body: body! }),
    };
  },
};

const LEVELS: Readonly<Record<string, string>> = {
  D: 'DEBUG',
  I: 'INFO',
  W: 'WARNING',
  E: 'ERROR',
  F: 'FATAL',
  C: 'CRITICAL',
};
const PLACE = String.raw`(?<path>[^\s:]{1,300}):(?<row>\d{1,9})\] (?<body>.*)$`;
// The date has no year; without an initialized program it is `0000` and the time in seconds.
const LINE = new RegExp(
  String.raw`^(?<letter>[DIWEFC])\d{4}(?:\d{4})? (?:00:00:)?(?<stamp>\d\d:\d\d:\d\d\.\d{3,9}|\d{10}\.\d{3,9}) {1,8}\d{1,9} ${PLACE}`,
  's',
);
const TENSORFLOW = new RegExp(
  String.raw`^(?<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}): (?<letter>[IWEF]) ${PLACE}`,
  's',
);
