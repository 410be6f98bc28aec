import { hash } from 'node:crypto';

const FIRST_LENGTH = 1024;

/**
 * A number for each of a run's items, by its key: eight bytes an item, however many there are. Keys are known by 64 bits
 * of their SHA-1: of a million, two are taken for one once in 40 million runs.
 */
export class KeyIndex {
  #hashes = new BigUint64Array(FIRST_LENGTH);
  #length = 0;

  /** @param keys may come more than once; they count once */
  constructor(keys: Iterable<string>) {
    for (const key of keys) this.#add(key);
    this.#hashes = this.#hashes.subarray(0, this.#length).toSorted();
    this.#length = dropRepeated(this.#hashes);
  }

  get size(): number {
    return this.#length;
  }

  /** Below {@link size}; `undefined` for a key that isn't there. */
  find(key: string): number | undefined {
    const wanted = toHash(key);
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#hashes[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low < this.#length && this.#hashes[low] === wanted ? low : undefined;
  }

  #add(key: string): void {
    if (this.#length === this.#hashes.length) {
      const larger = new BigUint64Array(2 * this.#length);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#length] = toHash(key);
    this.#length += 1;
  }
}

function toHash(key: string): bigint {
  return hash('sha1', key, 'buffer').readBigUInt64LE();
}

/** Moves each value of a sorted array to its front once. Gives how many there are. */
function dropRepeated(sorted: BigUint64Array): number {
  let count = 0;
  for (const value of sorted) {
    if (count > 0 && sorted[count - 1] === value) continue;
    sorted[count] = value;
    count += 1;
  }
  return count;
}
