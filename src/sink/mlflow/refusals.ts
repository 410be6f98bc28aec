import type { RefusedItem } from '../destination.ts';

const MAX_KEPT = 100;

/** What MLflow refused, or what was left out for good: the first hundred, and how many. */
export class Refusals {
  readonly #items: RefusedItem[] = [];
  #count = 0;

  constructor(before: { readonly refused: readonly RefusedItem[]; readonly refusedCount: number }) {
    this.#items.push(...before.refused);
    this.#count = before.refusedCount;
  }

  get items(): readonly RefusedItem[] {
    return this.#items;
  }

  get count(): number {
    return this.#count;
  }

  /** Told again after a restart, one is the same. */
  add(what: string, reason: string): void {
    if (this.#items.some((item) => item.what === what && item.reason === reason)) return;
    this.#count += 1;
    if (this.#items.length < MAX_KEPT) this.#items.push({ what, reason });
  }
}
