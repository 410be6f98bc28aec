const FIRST_BYTES = 64 * 1024;

/**
 * Writes protobuf from the end to the beginning: what is inside a message is there before its length, so that no length
 * has to be known beforehand, and nothing is written twice.
 */
export class BackwardWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  /** Where what was written begins. */
  #at = FIRST_BYTES;

  /** How much was written. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** What was written; the writer can't be used any more. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
    let at = this.#reserve(size);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[at] = rest;
  }

  /** A number of 64 bits; a negative one has ten bytes. */
  bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
    bytes.push(Number(rest));
    this.raw(Buffer.from(bytes));
  }

  fixed32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value >>> 0, at);
  }

  fixed64(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  /** Gives how many bytes it took. */
  text(value: string): number {
    const size = Buffer.byteLength(value);
    const at = this.#reserve(size);
    this.#bytes.write(value, at);
    return size;
  }

  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** Makes room before what was written, in another buffer where need be; gives where it begins. */
  #reserve(size: number): number {
    if (size > this.#at) {
      const grown = Buffer.allocUnsafe(2 * (this.#bytes.length + size));
      const start = grown.length - this.length;
      this.#bytes.copy(grown, start, this.#at);
      this.#bytes = grown;
      this.#at = start;
    }
    this.#at -= size;
    return this.#at;
  }
}
