import { readCursor, writeCursor } from '../../spool/cursor-file.ts';
import type { RefusedItem } from '../destination.ts';
import type { SignalName } from '../../otlp/signal.ts';

/** How far a signal file is sent: `item` items of the line that begins at `offset`, and all before it. */
export interface Position {
  readonly offset: number;
  readonly item: number;
}

export const START: Position = { offset: 0, item: 0 };
/** More of them help nobody; the rest is counted. */
const MAX_KEPT = 100;

/** What a run's `cursor/<destination>.json` remembers of an OTLP destination. */
export class OtlpCursor {
  readonly #runDir: string;
  readonly #name: string;
  readonly #positions = new Map<SignalName, Position>();
  /** Signals that the destination doesn't take at all, with its words. */
  readonly #absent = new Map<SignalName, string>();
  #refused: RefusedItem[] = [];
  #refusedCount = 0;
  #isSaved: boolean;

  /** Reads it; what isn't there, or can't be read, is a beginning. */
  constructor(runDir: string, name: string) {
    this.#runDir = runDir;
    this.#name = name;
    const stored = readCursor(runDir, name);
    // The first step writes one in any case: that is how leftovers are known.
    this.#isSaved = stored !== undefined;
    this.#load(toObject(stored));
  }

  get refused(): readonly RefusedItem[] {
    return this.#refused;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  position(signal: SignalName): Position {
    return this.#positions.get(signal) ?? START;
  }

  absence(signal: SignalName): string | undefined {
    return this.#absent.get(signal);
  }

  move(signal: SignalName, position: Position): void {
    this.#positions.set(signal, position);
    this.#isSaved = false;
  }

  setAbsent(signal: SignalName, reason: string): void {
    this.#absent.set(signal, reason);
    this.#isSaved = false;
  }

  refuse(item: RefusedItem, count = 1): void {
    this.#refusedCount += count;
    if (this.#refused.length < MAX_KEPT) this.#refused.push(item);
    this.#isSaved = false;
  }

  clear(): void {
    this.#positions.clear();
    this.#absent.clear();
    this.#refused = [];
    this.#refusedCount = 0;
    this.#isSaved = false;
  }

  /**
   * Writes it, where there is anything new.
   * @throws the file system's error; the next call tries again
   */
  save(): void {
    if (this.#isSaved) return;
    writeCursor(this.#runDir, this.#name, {
      schema: 1,
      signals: Object.fromEntries(this.#positions),
      absent: Object.fromEntries(this.#absent),
      refusedCount: this.#refusedCount,
      refused: this.#refused,
    });
    this.#isSaved = true;
  }

  #load(stored: Stored): void {
    for (const [signal, position] of Object.entries(toObject(stored['signals']))) {
      const { offset, item } = toObject(position);
      if (isCount(offset) && isCount(item))
        this.#positions.set(signal as SignalName, { offset, item });
    }
    for (const [signal, reason] of Object.entries(toObject(stored['absent']))) {
      this.#absent.set(signal as SignalName, String(reason));
    }
    const refused = Array.isArray(stored['refused']) ? stored['refused'] : [];
    this.#refused = refused.slice(0, MAX_KEPT).map((each) => {
      const { what, reason } = toObject(each);
      return { what: String(what), reason: String(reason) };
    });
    const count = stored['refusedCount'];
    this.#refusedCount = isCount(count) ? count : this.#refused.length;
  }
}

type Stored = Readonly<Record<string, unknown>>;

function toObject(value: unknown): Stored {
  return typeof value === 'object' && value !== null ? (value as Stored) : {};
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
