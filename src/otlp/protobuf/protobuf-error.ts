/** Bytes that aren't protobuf of the kind that was expected. */
export class ProtobufError extends Error {
  constructor(message: string) {
    super(`not protobuf: ${message}`);
    this.name = 'ProtobufError';
  }
}
