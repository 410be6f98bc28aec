import type { Grammar, ProgressReading } from './grammar.ts';

/**
 * Progress bars that redraw themselves with a carriage return: tqdm's (`train:  50%|█████     | 5/10 [00:00<00:00, 98.5it/s]`)
 * and any line with a percentage or `n/m`. A redraw is no line: the stream reader offers only what stands between
 * carriage returns.
 */
export interface ProgressFrame {
  readonly progress: ProgressReading;
  /** Where the bar ends, and another program's line may follow that has not waited for its newline. */
  readonly end: number;
}

const TQDM =
  /^(?:(.{0,200}?): )? {0,3}(\d{1,3})%\|[^|]{0,400}\| {0,20}([\d.]{1,20}[kMGTP]?)\/([\d.]{1,20}[kMGTP]?) \[\d[^\]]{0,100}\]/;
// Without a total: `123it [00:01, 98.5it/s]`.
const TQDM_OPEN =
  /^(?:(.{0,200}?): )?([\d.]{1,20}[kMGTP]?)([A-Za-z]{1,10}) \[\d[\d:]{3,11}, [^\]]{1,100}\]/;
const FRACTION = /^(.{0,200}?)\b(\d{1,15}(?:\.\d{1,10})?)\/(\d{1,15}(?:\.\d{1,10})?)\b/;
const PERCENT = /^(.{0,200}?)(?:^|[^\w.])(\d{1,3}(?:\.\d{1,6})?) ?%/;

/** Reads a redraw; `undefined` when the text is no progress. */
export function readProgress(text: string): ProgressFrame | undefined {
  return readTqdm(text) ?? readGeneric(text);
}

/** Reads tqdm's bars only: the one kind that is recognised in a line that has no carriage return. */
export function readTqdm(text: string): ProgressFrame | undefined {
  if (!text.includes('%|') && !text.endsWith(']')) return undefined;
  const bar = TQDM.exec(text);
  if (bar !== null) {
    return {
      progress: {
        name: bar[1]?.trim() ?? '',
        current: scale(bar[3]!),
        total: scale(bar[4]!),
        ...toUnit(bar[0]),
      },
      end: bar[0].length,
    };
  }
  const open = TQDM_OPEN.exec(text);
  if (open === null) return undefined;
  return {
    progress: { name: open[1]?.trim() ?? '', current: scale(open[2]!), unit: open[3]! },
    end: open[0].length,
  };
}

function readGeneric(text: string): ProgressFrame | undefined {
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

function toName(before: string): string {
  return before.replace(/[\s:=[({|#\-.]+$/, '').trim();
}

const SCALES: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

function scale(text: string): number {
  const factor = SCALES[text.at(-1)!];
  return factor === undefined ? Number(text) : Number(text.slice(0, -1)) * factor;
}

function toUnit(bar: string): { unit?: string } {
  const unit = /([A-Za-z%]{1,10})\/s\]|s\/([A-Za-z%]{1,10})\]/.exec(bar);
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
