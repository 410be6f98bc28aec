import type { Grammar, ProgressReading } from './grammar.ts';

/**
 * Progress bars that redraw themselves with a carriage return: tqdm's (`train:  50%|█████     | 5/10 [00:00<00:00, 98.5it/s]`,
 * DVC's too), spinners, and any line with a percentage or `n/m`. A redraw is no line: the stream reader offers only what
 * stands between carriage returns.
 */
export interface ProgressFrame {
  readonly progress: ProgressReading;
  /** Where the bar ends, and another program's line may follow that has not waited for its newline. */
  readonly end: number;
}

const COUNT = String.raw`\d[\d.]{0,20}[kMGTP]?`;
// With a `timeout` instead of a number of trials Optuna's bar counts time.
const TIME = String.raw`\d\d(?::\d\d){1,2}`;
const RATE = String.raw` ?\[\d[^\]]{0,200}\]`;
// The name is before the percentage, and in DVC's bars behind it or behind the bar.
const TQDM = new RegExp(
  String.raw`^(?:(.{0,200}?): )? {0,3}(\d{1,3})%([^|]{0,200})\|[^|]{0,400}\|([^|[\]]{0,200}?) {0,200}(${COUNT}|${TIME})\/(${COUNT}|${TIME}|\?)(?:${RATE})?`,
);
// Without a total: `123it [00:01, 98.5it/s]`, `Collecting files   |3.00 [00:01,   98file/s]`.
const TQDM_OPEN = new RegExp(
  String.raw`^(?:(.{0,200}?)(?:: | {0,200}\|))?(${COUNT})([A-Za-z]{0,10}) \[\d[\d:]{3,11}, [^\]]{1,100}\]`,
);
const FRACTION = /^(.{0,200}?)\b(\d{1,15}(?:\.\d{1,10})?)\/(\d{1,15}(?:\.\d{1,10})?)\b/;
const PERCENT = /^(.{0,200}?)(?:^|[^\w.])(\d{1,3}(?:\.\d{1,6})?) ?%/;
/** A spinner's text; `!` is what DVC's bars begin with, and the wait for its lock is one without numbers. */
const SPINNER = /^(?:[\u2800-\u28ff] ?(.{0,200})|!|Waiting to acquire lock\. .{0,200})$/;

/** Reads a redraw that can be nothing else: one of tqdm's bars or a spinner. */
export function readBar(text: string): ProgressFrame | undefined {
  return readTqdm(text) ?? readSpinner(text);
}

/** Reads tqdm's bars only: the one kind that is recognised in a line that has no carriage return. */
export function readTqdm(text: string): ProgressFrame | undefined {
  if (!text.endsWith(']') && !(text.includes('%') && text.includes('|'))) return undefined;
  const bar = TQDM.exec(text);
  if (bar !== null) {
    const [all, name, , behind, beside, current, total] = bar;
    return {
      progress: {
        name: [name, behind, beside].map((part) => part?.trim() ?? '').find(Boolean) ?? '',
        ...toNumber('current', current!),
        ...toNumber('total', total!),
        ...toUnit(all),
      },
      end: all.length,
    };
  }
  const open = TQDM_OPEN.exec(text);
  if (open === null) return undefined;
  const [all, name, current, unit] = open;
  return {
    progress: {
      name: name?.trim() ?? '',
      ...toNumber('current', current!),
      ...(unit === '' ? toUnit(all) : { unit: unit! }),
    },
    end: all.length,
  };
}

/** Reads any text with a number of a whole, which stands for progress only where it is drawn over. */
export function readCount(text: string): ProgressFrame | undefined {
  const fraction = FRACTION.exec(text);
  if (fraction !== null) {
    const progress = {
      name: toName(fraction[1]!),
      current: Number(fraction[2]),
      total: Number(fraction[3]),
    };
    return { progress, end: text.length };
  }
  const percent = PERCENT.exec(text);
  if (percent === null) return undefined;
  return {
    progress: { name: toName(percent[1]!), current: Number(percent[2]), total: 100, unit: '%' },
    end: text.length,
  };
}

function readSpinner(text: string): ProgressFrame | undefined {
  const spinner = SPINNER.exec(text);
  return spinner === null
    ? undefined
    : { progress: { name: spinner[1]?.trim() ?? '' }, end: text.length };
}

function toName(before: string): string {
  return before.replace(/[\s:=[({|#\-.]{1,200}$/, '').trim();
}

const SCALES: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

function toNumber(key: 'current' | 'total', text: string): Partial<ProgressReading> {
  const factor = SCALES[text.at(-1)!];
  const number = factor === undefined ? Number(text) : Number(text.slice(0, -1)) * factor;
  return Number.isNaN(number) ? {} : { [key]: number };
}

function toUnit(bar: string): { unit?: string } {
  const unit = /([A-Za-z%]{1,10})\/s\b|s\/([A-Za-z%]{1,10})\b/.exec(bar);
  return unit === null ? {} : { unit: unit[1] ?? unit[2]! };
}

/** A finished or only drawn bar that stands as a line of its own, ended by a newline. */
export const progress: Grammar = {
  name: 'progress',
  starts: ' 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  read(line) {
    if (!line.includes('%|')) return undefined;
    const frame = readTqdm(line);
    if (frame === undefined || frame.end < line.trimEnd().length) return undefined;
    return { body: line, event: { type: 'progress', progress: frame.progress } };
  },
};
