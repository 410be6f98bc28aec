import { ProtobufError } from './protobuf-error.ts';

/** Reads protobuf's wire format. Every method throws a {@link ProtobufError} when the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** A varint whose low 32 bits are meant. */
  varint32(): number {
    return Number(BigInt.asUintN(32, this.varint64()));
  }

  varint64(): bigint {
    const first = this.#byte();
    if (first < 0x80) return BigInt(first);
    let value = BigInt(first & 0x7f);
    for (let shift = 7n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('a number of over 10 bytes');
  }

  fixed32(): number {
    return this.#take(4).readUInt32LE();
  }

  fixed64(): bigint {
    return this.#take(8).readBigUInt64LE();
  }

  double(): number {
    return this.#take(8).readDoubleLE();
  }

  /** Bytes with their length before them. */
  bytes(): Buffer {
    const length = this.varint64();
    if (length > BigInt(this.#bytes.length)) throw new ProtobufError('a length beyond the end');
    return this.#take(Number(length));
  }

  delimited(): ByteReader {
    return new ByteReader(this.bytes());
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new ProtobufError('it ends in the middle');
    this.#position += 1;
    return byte;
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new ProtobufError('it ends in the middle');
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }
}
