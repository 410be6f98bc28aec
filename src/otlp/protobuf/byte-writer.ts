const FIRST_BYTES = 64 * 1024;
/** A length of up to 127 takes one byte, and most are. */
const LENGTH_BYTES = 1;

/** Writes protobuf's wire format: https://protobuf.dev/programming-guides/encoding/ */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  toBuffer(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  tag(number: number, wireType: number): void {
    this.varint(BigInt((number << 3) | wireType));
  }

  /** An unsigned number of up to 64 bits. */
  varint(value: bigint): void {
    this.#reserve(10);
    if (value < 0x80n) {
      this.#buffer[this.#length] = Number(value);
      this.#length += 1;
      return;
    }
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.#byte(Number(rest & 0x7fn) | 0x80);
    this.#byte(Number(rest));
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** Of 64 bits, signed or not. */
  fixed64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.#length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  string(text: string): void {
    const byteLength = Buffer.byteLength(text);
    this.varint(BigInt(byteLength));
    this.#reserve(byteLength);
    this.#length += this.#buffer.write(text, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.varint(BigInt(bytes.length));
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What `write` writes, with its length before it. */
  delimited(write: () => void): void {
    this.#reserve(LENGTH_BYTES);
    const start = this.#length + LENGTH_BYTES;
    this.#length = start;
    write();
    const size = this.#length - start;
    const missing = toVarintBytes(size) - LENGTH_BYTES;
    if (missing > 0) {
      this.#reserve(missing);
      this.#buffer.copyWithin(start + missing, start, start + size);
    }
    this.#length = start - LENGTH_BYTES;
    this.varint(BigInt(size));
    this.#length += size;
  }

  #byte(value: number): void {
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function toVarintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
