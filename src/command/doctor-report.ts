import { VERSION } from '../model/version.ts';
import type { ProbeResult } from '../sink/destination.ts';
import { layoutColumns } from '../view/text/columns.ts';
import type { Cell } from '../view/text/columns.ts';
import { escapeLine } from '../view/text/escape.ts';
import { toMark } from '../view/text/marks.ts';
import { createPaint } from '../view/text/paint.ts';
import type { Paint } from '../view/text/paint.ts';
import type { CommandIo } from './command.ts';
import type { Tool } from './doctor-tools.ts';

/** A setting, secrets masked, and where it comes from. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly from: string;
}

/** What a destination answered. */
export interface Probed {
  readonly name: string;
  readonly address: string;
  readonly results: readonly ProbeResult[];
}

/** All that `doctor` found out. */
export interface Examined {
  readonly home: string;
  readonly file: string | undefined;
  readonly settings: readonly Setting[];
  readonly tools: readonly Tool[];
  readonly destinations: readonly Probed[];
  /** What keeps destinations from being used at all. */
  readonly faults: readonly string[];
}

/** The findings as text. */
export function drawExamined(examined: Examined, io: CommandIo): string {
  const paint = createPaint(io.stdout, io.env);
  const { home, file, settings, tools, destinations, faults } = examined;
  const title = (text: string): string => paint.paint(text, 'bold');
  const lines = [
    `stagelight ${VERSION}, Node ${process.versions.node}; runs in ${escapeLine(home)}`,
    '',
    title(`Configuration: ${file === undefined ? 'no stagelight.yaml' : escapeLine(file)}`),
    ...drawSettings(settings, paint),
    '',
    title('Tools'),
    ...drawTools(tools, paint),
    '',
    title('Destinations'),
    ...(destinations.length === 0 && faults.length === 0
      ? ['  none: runs stay on this machine']
      : drawDestinations(destinations, paint)),
    ...faults.map((fault) => `  ${paint.paint(escapeLine(fault), 'red')}`),
  ];
  return `${lines.join('\n')}\n`;
}

function drawSettings(settings: readonly Setting[], paint: Paint): string[] {
  const rows = settings.map(({ key, value, from }): Cell[] => [
    `  ${escapeLine(key)}`,
    escapeLine(typeof value === 'string' ? value : JSON.stringify(value)),
    { text: escapeLine(from), style: 'dim' },
  ]);
  return layoutColumns(rows, [{}, { minWidth: 20 }, {}], paint);
}

function drawTools(tools: readonly Tool[], paint: Paint): string[] {
  const rows = tools.map(({ name, path, version }): Cell[] => [
    `  ${name}`,
    path === undefined ? { text: 'not on the PATH', style: 'dim' } : (version ?? 'found'),
    { text: path === undefined ? '' : escapeLine(path), style: 'dim' },
  ]);
  return layoutColumns(rows, [{}, {}, { minWidth: 20 }], paint);
}

function drawDestinations(destinations: readonly Probed[], paint: Paint): string[] {
  return destinations.flatMap(({ name, results }) => [
    `  ${escapeLine(name)}`,
    ...results.map(({ what, isOk, answer }) => {
      const mark = toMark(isOk ? 'success' : 'failure', paint);
      return `    ${paint.paint(mark.text, mark.style)} ${escapeLine(`${what}: ${answer}`)}`;
    }),
  ]);
}
