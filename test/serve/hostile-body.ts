/** Requests in protobuf that nobody sends but to see what breaks, each as large as a request may be. */

const SIZE = 16 * 1024 * 1024 - 1024;

/** A field that holds bytes: its number, its length, what is in it. https://protobuf.dev/programming-guides/encoding/ */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), toVarint(bytes.length), bytes]);
}

function toVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function repeat(piece: Buffer): Buffer {
  return Buffer.alloc(Math.floor(SIZE / piece.length) * piece.length, piece);
}

const text = (value: string): Buffer => field(1, Buffer.from(value));
const attribute = (key: string, value: string): Buffer =>
  Buffer.concat([text(key), field(2, text(value))]);

/** A request of one run with this in its only scope. */
function toRequest(runId: string, records: Buffer): Buffer {
  const resource = field(1, field(1, attribute('cicd.pipeline.run.id', runId)));
  return field(1, Buffer.concat([resource, field(2, records)]));
}

const EMPTY = Buffer.alloc(0);

/** Eight million records with nothing in them. */
export function toMinimalRecords(runId: string): Buffer {
  return toRequest(runId, repeat(field(2, EMPTY)));
}

/** One record with a million attributes. */
export function toManyAttributes(runId: string): Buffer {
  return toRequest(runId, field(2, repeat(field(6, attribute('key', 'value')))));
}

/** Eight million resources with nothing in them. */
export function toEmptyResources(): Buffer {
  return repeat(field(1, EMPTY));
}

/** A record whose body is lists in lists, ten thousand deep. */
export function toNested(runId: string): Buffer {
  let value = text('x');
  for (let depth = 0; depth < 10_000; depth += 1) value = field(5, field(1, value));
  return toRequest(runId, field(2, field(5, value)));
}
