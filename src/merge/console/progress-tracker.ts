import type { ProgressReading } from '../../grammars/grammar.ts';
import type { UnixTime } from '../../model/time.ts';
import { toDurationMs } from '../../model/time.ts';
import type { Line } from './line.ts';

/** A redraw that is kept, and how many it stands for. */
export interface KeptProgress {
  readonly line: Line;
  readonly progress: ProgressReading;
  readonly frames: number;
}

interface Bar {
  keptAt: UnixTime;
  frames: number;
  pending: { line: Line; progress: ProgressReading } | undefined;
}

const INTERVAL_MS = 1000;
const MAX_BARS = 64;

/** Thins out the redraws of progress bars: the first and the last of each, and at most one a second between. */
export class ProgressTracker {
  readonly #bars = new Map<string, Bar>();
  readonly #keep: (kept: KeptProgress) => void;

  constructor(keep: (kept: KeptProgress) => void) {
    this.#keep = keep;
  }

  get isOpen(): boolean {
    return this.#bars.size > 0;
  }

  redraw(line: Line, progress: ProgressReading): void {
    const bar = this.#bars.get(progress.name);
    if (bar === undefined) {
      if (this.#bars.size >= MAX_BARS) this.close();
      this.#bars.set(progress.name, { keptAt: line.time, frames: 0, pending: undefined });
      this.#keep({ line, progress, frames: 1 });
      return;
    }
    bar.frames += 1;
    bar.pending = { line, progress };
    if (toDurationMs(bar.keptAt, line.time) >= INTERVAL_MS) this.#keepPending(bar);
  }

  /** Ends the bars: what was drawn last is kept. */
  close(): void {
    for (const bar of this.#bars.values()) this.#keepPending(bar);
    this.#bars.clear();
  }

  #keepPending(bar: Bar): void {
    if (bar.pending === undefined) return;
    bar.keptAt = bar.pending.line.time;
    this.#keep({ ...bar.pending, frames: bar.frames });
    bar.frames = 0;
    bar.pending = undefined;
  }
}
