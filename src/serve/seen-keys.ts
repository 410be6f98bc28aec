import { createHash } from 'node:crypto';

const FIRST_SLOTS = 1 << 12;

/**
 * Which of very many texts were seen before: 16 bytes a text, by 64 bits of a hash. (Of a million texts two have the same
 * 64 bits once in forty million runs.)
 */
export class SeenKeys {
  #slots = new BigUint64Array(FIRST_SLOTS);
  #count = 0;

  /** Notes a text; gives whether it is new. */
  add(text: string): boolean {
    if (2 * this.#count >= this.#slots.length) this.#grow();
    if (!insert(this.#slots, toHash(text))) return false;
    this.#count += 1;
    return true;
  }

  get size(): number {
    return this.#count;
  }

  #grow(): void {
    const larger = new BigUint64Array(2 * this.#slots.length);
    for (const hash of this.#slots) if (hash !== 0n) insert(larger, hash);
    this.#slots = larger;
  }
}

function insert(slots: BigUint64Array, hash: bigint): boolean {
  let place = Number(hash & BigInt(slots.length - 1));
  for (;;) {
    const there = slots[place];
    if (there === hash) return false;
    if (there === 0n) {
      slots[place] = hash;
      return true;
    }
    place = (place + 1) & (slots.length - 1);
  }
}

/** Never 0, which is an empty slot. */
function toHash(text: string): bigint {
  return createHash('sha1').update(text).digest().readBigUInt64LE() || 1n;
}
