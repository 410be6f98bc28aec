import { toShortIds } from '../list/short-ids.ts';
import { drawRunRows } from '../list/run-rows.ts';
import type { OpenedRun } from '../open-run.ts';
import { layoutColumns } from '../text/columns.ts';
import type { Cell } from '../text/columns.ts';
import { escapeLine } from '../text/escape.ts';
import type { Paint } from '../text/paint.ts';
import { formatDuration, formatNumber } from '../text/units.ts';
import type { Comparison, Difference, DurationPair } from './compare.ts';
import { SECTIONS } from './run-facts.ts';
import type { Scalar, SectionName } from './run-facts.ts';
import { formatChange, formatCommands, formatPair } from './format-pair.ts';

const TITLES: Readonly<Record<SectionName, string>> = {
  run: 'run',
  git: 'git',
  stages: 'stages',
  commands: 'commands',
  params: 'parameters',
  overrides: 'overrides',
  data: 'data',
  metrics: 'metrics',
  studies: 'studies',
  levels: 'records by level',
};

/** Two runs and what differs between them, in aligned columns; then in one line what doesn't. */
export function drawDiff(
  runs: readonly [left: OpenedRun, right: OpenedRun],
  comparison: Comparison,
  paint: Paint,
): string {
  const ids = toShortIds(runs.map(({ info }) => info.runId));
  const rows: Cell[][] = SECTIONS.flatMap((name) =>
    drawSection(
      TITLES[name],
      comparison.differences[name].map((each) => toRow(each, { name, paint })),
    ),
  );
  const durations = comparison.durations.filter(isNotable).map((pair) => toDurationRow(pair));
  rows.push(...drawSection('durations', durations, 'not counted as a difference'));
  const head: Cell[] = ['', ...ids.map((text): Cell => ({ text, style: 'dim' })), ''];
  const table =
    rows.length === 0
      ? []
      : [
          '',
          ...layoutColumns(
            [head, ...rows],
            [{ minWidth: 16 }, { minWidth: 12 }, { minWidth: 12 }, { minWidth: 0 }],
            paint,
          ),
        ];
  const lines = [...drawRunRows(runs, paint), ...table, '', drawEqual(comparison, paint)];
  return `${lines.join('\n')}\n`;
}

function drawSection(title: string, rows: readonly Cell[][], note = ''): Cell[][] {
  if (rows.length === 0) return [];
  return [[{ text: title, style: 'bold' }, '', '', { text: note, style: 'dim' }], ...rows];
}

function toRow(
  difference: Difference,
  { name: section, paint }: { readonly name: SectionName; readonly paint: Paint },
): Cell[] {
  const { name, left, right, stages } = difference;
  const shown = toShownPair(difference, { section, paint });
  const change = isMeasure(section, name) ? formatChange(left, right) : '';
  const isOfStage = section === 'commands';
  const notes = [change, isOfStage ? '' : escapeLine(stages.join(', '))];
  return [
    `  ${escapeLine(isOfStage ? stages.join(', ') : toLabel(name, section))}`,
    { text: escapeLine(shown.left), style: 'red' },
    { text: escapeLine(shown.right), style: 'green' },
    { text: notes.filter((note) => note !== '').join('  '), style: 'dim' },
  ];
}

function toShownPair(
  { left, right }: Difference,
  { section, paint }: { readonly section: SectionName; readonly paint: Paint },
): { readonly left: string; readonly right: string } {
  if (section === 'commands' && typeof left === 'string' && typeof right === 'string')
    return formatCommands({ left, right });
  const maxLength = paint.width === undefined ? undefined : MAX_VALUE_WIDTH;
  return formatPair({ left: toShown(left, section), right: toShown(right, section) }, maxLength);
}

const LABELS: Readonly<Record<string, string>> = {
  none: 'no level',
  warn: 'warning',
  diff: 'uncommitted changes',
};

function toLabel(name: string, section: SectionName): string {
  return section === 'git' || section === 'levels' ? (LABELS[name] ?? name) : name;
}

/** Whether how much more or less something is says anything: not of a trial's number, nor of its parameters. */
function isMeasure(section: SectionName, name: string): boolean {
  if (section === 'studies') return /: (?:trials|best value)$/.test(name);
  return section === 'metrics' || section === 'levels';
}

const MAX_VALUE_WIDTH = 32;
/** Hashes are shown to where they tell things apart. */
const HASH_LENGTH = 8;

function toShown(value: Scalar | undefined, section: SectionName): Scalar | undefined {
  const isHash = typeof value === 'string' && /^[0-9a-f]{32,64}(?:\.dir)?$/.test(value);
  if (isHash && (section === 'data' || section === 'git')) return value.slice(0, HASH_LENGTH);
  return value;
}

/** Longer or shorter by a fifth and by half a second at least. */
function isNotable({ leftMs, rightMs }: DurationPair): boolean {
  const difference = Math.abs(rightMs - leftMs);
  return difference >= 500 && difference >= 0.2 * Math.min(leftMs, rightMs);
}

function toDurationRow({ stage, leftMs, rightMs }: DurationPair): Cell[] {
  const factor = leftMs > 0 ? `×${formatNumber(rightMs / leftMs, 2)}` : '';
  return [
    `  ${escapeLine(stage)}`,
    formatDuration(leftMs),
    formatDuration(rightMs),
    { text: factor, style: 'dim' },
  ];
}

const NOUNS: Readonly<Partial<Record<SectionName, readonly [one: string, many: string]>>> = {
  stages: ['stage', 'stages'],
  params: ['parameter', 'parameters'],
  overrides: ['override', 'overrides'],
  data: ['file or folder', 'files and folders'],
  metrics: ['metric', 'metrics'],
  studies: ['result of studies', 'results of studies'],
};

function drawEqual({ equalCounts, differences, isEqual }: Comparison, paint: Paint): string {
  const parts = Object.entries(NOUNS).flatMap(([section, [one, many]]) => {
    const count = equalCounts[section as SectionName];
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  if (differences.git.length === 0 && equalCounts.git > 0) parts.unshift('git state');
  const what = parts.length === 0 ? 'nothing else' : parts.join(', ');
  if (isEqual && parts.length === 0) return paint.paint('No difference.', 'green');
  return isEqual
    ? paint.paint(`No difference: the same ${what}.`, 'green')
    : paint.paint(`The same in both: ${what}.`, 'dim');
}
