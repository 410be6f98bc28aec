import type { MetricPoint, RunBatch } from './api.ts';

/*
 * What MLflow takes, from its own validation (mlflow/utils/validation.py, 3.17): over the counts a batch is refused whole,
 * over the lengths values are cut without a word.
 */
const MAX_METRICS = 1000;
const MAX_PARAMS = 100;
const MAX_TAGS = 100;
const MAX_ENTITIES = 1000;
/** Of the 1,000,000 that are taken, with room for the JSON around. */
const MAX_BYTES = 900_000;
const MAX_KEY_CHARS = 250;
export const MAX_PARAM_CHARS = 6000;
export const MAX_TAG_CHARS = 8000;
/** What one metric point, tag or parameter takes beside its texts. */
const OVERHEAD_BYTES = 100;

/** Collects what had to be cut, to be named in the run. */
export class Cuts {
  readonly #notes = new Set<string>();
  #more = 0;

  note(what: string): void {
    if (this.#notes.has(what)) return;
    if (this.#notes.size < MAX_NOTES) this.#notes.add(what);
    else this.#more += 1;
  }

  /** For a tag; `undefined` when nothing was cut. */
  toText(): string | undefined {
    if (this.#notes.size === 0) return undefined;
    const all = [...this.#notes].join('; ');
    return cutText(this.#more === 0 ? all : `${all}; and ${this.#more} more`, MAX_TAG_CHARS);
  }
}

const MAX_NOTES = 100;

/**
 * A name as MLflow takes it for parameters, metrics and tags: letters, digits, `_-. :/`, at most 250, and no path that
 * means another one. What isn't taken becomes `_`, and a stage's `@` a `:`.
 */
export function toKey(name: string, cuts: Cuts): string {
  const taken = name
    .replaceAll('@', ':')
    .replaceAll(/[^\p{L}\p{N}_.\- :/]/gu, '_')
    .split('/')
    .map((part) => (part === '' || part === '.' || part === '..' ? '_' : part))
    .join('/');
  const key = Array.from(taken).slice(0, MAX_KEY_CHARS).join('');
  if (key !== name.replaceAll('@', ':')) cuts.note(`the name ${JSON.stringify(name)} is ${key}`);
  return key;
}

/** The values with names that MLflow takes, each at most so long. Of two whose names become one, the first stays. */
export function toValues(
  values: Iterable<readonly [name: string, value: string]>,
  { maxChars, cuts }: { readonly maxChars: number; readonly cuts: Cuts },
): Record<string, string> {
  const taken: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of values) {
    const key = toKey(name, cuts);
    if (key in taken) {
      if (taken[key] !== value)
        cuts.note(`${JSON.stringify(name)} is left out: another one is ${key}`);
      continue;
    }
    taken[key] = cutText(value, maxChars);
    if (value.length > maxChars) cuts.note(`${key} is cut from ${value.length} characters`);
  }
  return taken;
}

/** At most so many UTF-16 units, with an ellipsis where there were more; never half a character. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** One batch as several that are within the limits of one. What comes first stays first. */
export function splitBatch(batch: RunBatch): RunBatch[] {
  const batches: RunBatch[] = [];
  let current = new OpenBatch();
  const add = (bytes: number, kind: keyof Counts): OpenBatch => {
    if (!current.hasRoom(bytes, kind)) {
      batches.push(current.toBatch());
      current = new OpenBatch();
    }
    current.count(bytes, kind);
    return current;
  };
  for (const [key, value] of Object.entries(batch.tags ?? {})) {
    add(toBytes(key, value), 'tags').tags[key] = value;
  }
  for (const [key, value] of Object.entries(batch.params ?? {})) {
    add(toBytes(key, value), 'params').params[key] = value;
  }
  for (const point of batch.metrics ?? [])
    add(toBytes(point.key, ''), 'metrics').metrics.push(point);
  if (!current.isEmpty) batches.push(current.toBatch());
  return batches;
}

interface Counts {
  metrics: number;
  params: number;
  tags: number;
}

const MAX_COUNTS: Readonly<Counts> = { metrics: MAX_METRICS, params: MAX_PARAMS, tags: MAX_TAGS };

class OpenBatch {
  readonly metrics: MetricPoint[] = [];
  readonly params: Record<string, string> = {};
  readonly tags: Record<string, string> = {};
  readonly #counts: Counts = { metrics: 0, params: 0, tags: 0 };
  #entities = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#entities === 0;
  }

  hasRoom(bytes: number, kind: keyof Counts): boolean {
    return (
      this.#entities < MAX_ENTITIES &&
      this.#counts[kind] < MAX_COUNTS[kind] &&
      this.#bytes + bytes <= MAX_BYTES
    );
  }

  count(bytes: number, kind: keyof Counts): void {
    this.#entities += 1;
    this.#counts[kind] += 1;
    this.#bytes += bytes;
  }

  toBatch(): RunBatch {
    return { metrics: this.metrics, params: this.params, tags: this.tags };
  }
}

/** As JSON, at most. */
function toBytes(key: string, value: string): number {
  return Buffer.byteLength(JSON.stringify(key + value)) + OVERHEAD_BYTES;
}
