/**
 * How much is sent at once: as much as a request may carry, until something is refused; then ever smaller pieces, down to
 * a single item; and larger ones again while they are taken. So a poisoned item is found in a handful of requests.
 */
export class Grain {
  /** Lines in a piece. */
  #maxLines = Infinity;
  /** Items in a piece of one line; `undefined` while whole lines are sent. */
  #maxItems: number | undefined;

  get maxLines(): number {
    return this.#maxLines;
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
    if (count > 1) this.#maxLines = Math.ceil(count / 2);
    else this.#maxItems = Infinity; // halved as soon as the line's items are counted
  }

  /** A piece of so many items was refused. */
  refuseItems(count: number): void {
    this.#maxItems = Math.max(1, Math.ceil(count / 2));
  }

  accept(): void {
    if (this.#maxItems !== undefined) this.#maxItems *= 2;
    else this.#maxLines *= 2;
  }

  /** A line that was sent in pieces is through. */
  endLine(): void {
    this.#maxItems = undefined;
    this.#maxLines = 1;
  }

  /** Items are to be sent: a line was begun by an earlier process. */
  splitLine(): void {
    this.#maxItems ??= 1;
  }
}
