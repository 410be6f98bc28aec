/** What a request carries at first: all backends take a megabyte. */
export const FIRST_BYTES = 1024 * 1024;
/** Accepted requests after which more is tried. */
const STEADY = 8;
/** Accepted requests after which a little more is tried than what was too much once. */
const PATIENCE = 20;

/**
 * How much is sent at once: as much as a request may carry, until something is refused; then ever smaller pieces, down to
 * a single item; and larger ones again while they are taken. So a poisoned item is found in a handful of requests.
 *
 * What is only put off (429, 503) may be too much at once, since some backends say so in that way: then no more than half
 * of it is sent for a while.
 */
export class Grain {
  /** Lines in a piece. */
  #maxLines = Infinity;
  /** Items in a piece of one line; `undefined` while whole lines are sent. */
  #maxItems: number | undefined;
  /** What isn't passed, once more was too much. */
  #lineCeiling = Infinity;
  /** The same where a whole line was too much. */
  #itemCeiling: number | undefined;
  #acceptedCount = 0;
  #maxBytes = FIRST_BYTES;

  get maxLines(): number {
    return this.#maxLines;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get maxItems(): number {
    return this.#maxItems ?? Infinity;
  }

  /** Whether lines are sent whole. */
  get isWhole(): boolean {
    return this.#maxItems === undefined;
  }

  /** A piece of so many lines was refused. */
  refuseLines(count: number): void {
    this.#maxBytes = FIRST_BYTES;
    if (count > 1) this.#maxLines = Math.ceil(count / 2);
    else this.#maxItems = Infinity; // halved as soon as the line's items are counted
  }

  /** A piece of so many items was refused. */
  refuseItems(count: number): void {
    this.#maxItems = Math.max(1, Math.ceil(count / 2));
  }

  /** A piece was put off: of so many lines, or of so many items of one line. */
  retreat({ lineCount, itemCount }: { lineCount: number; itemCount: number | undefined }): void {
    this.#acceptedCount = 0;
    this.#maxBytes = FIRST_BYTES;
    if (itemCount !== undefined) {
      this.refuseItems(itemCount);
      this.#itemCeiling = this.#maxItems;
    } else if (lineCount > 1) {
      this.refuseLines(lineCount);
      this.#lineCeiling = this.#maxLines;
    } else {
      this.#maxItems = Infinity;
      this.#itemCeiling = Infinity;
    }
  }

  /** A piece was taken; the next may be larger, up to `mostBytes`. */
  accept(mostBytes: number): void {
    this.#acceptedCount += 1;
    if (this.#acceptedCount % PATIENCE === 0) this.#raise();
    const isSteady = this.#lineCeiling === Infinity && this.#maxItems === undefined;
    if (isSteady && this.#acceptedCount % STEADY === 0)
      this.#maxBytes = Math.min(2 * this.#maxBytes, mostBytes);
    if (this.#maxItems === undefined)
      this.#maxLines = Math.min(2 * this.#maxLines, this.#lineCeiling);
    else this.#maxItems = Math.min(2 * this.#maxItems, this.#itemCeiling ?? Infinity);
  }

  /** A line that was sent in pieces is through. */
  endLine(): void {
    this.#maxItems = this.#itemCeiling;
    this.#maxLines = 1;
  }

  /** Items are to be sent: a line was begun by an earlier process. */
  splitLine(): void {
    this.#maxItems ??= 1;
  }

  #raise(): void {
    if (this.#itemCeiling === undefined) this.#lineCeiling += 1;
    else if (this.#itemCeiling > MANY_ITEMS) this.#itemCeiling = undefined;
    else this.#itemCeiling *= 2;
  }
}

/** About what a line holds at most. */
const MANY_ITEMS = 2000;
