import { createGrammars } from '../../src/grammars/registry.ts';
import type { Attributes } from '../../src/model/pipeline.ts';
import { fromUnixMs } from '../../src/model/time.ts';
import { GrammarTable } from '../../src/merge/console/grammar-table.ts';
import { StreamReader } from '../../src/merge/console/stream-reader.ts';
import type { StreamRecord } from '../../src/merge/console/stream-reader.ts';
import { DEFAULT_TIME_MS } from './merge-console.ts';

/** What one stream's reader made of a piece of output. */
export interface ReadRecord {
  readonly body: string;
  readonly raw: string;
  /** As it came: a character a byte. */
  readonly latin1: string;
  readonly offset: number;
  readonly severity: number;
  readonly severityText: string | undefined;
  readonly stamp: string | undefined;
  readonly logger: string | undefined;
  readonly attributes: Attributes;
  readonly event: string | undefined;
  readonly source: string | undefined;
  readonly isCut: boolean;
  readonly frames: number | undefined;
  readonly part: number | undefined;
}

export interface ReadOptions {
  readonly formats?: readonly string[];
  /** Says which events can't be; all can by default. */
  readonly refuse?: (event: { readonly type: string }) => boolean;
  /** What is known to be printed next. */
  readonly expected?: string;
}

/** A piece of output and when it came, in milliseconds after the first. */
export type Push = Buffer | string | { readonly bytes: Buffer | string; readonly afterMs: number };

/** Reads the output of one stream, without a run around it. */
export function readStream(pushes: readonly Push[], options: ReadOptions = {}): ReadRecord[] {
  const records: ReadRecord[] = [];
  const reader = new StreamReader<string>({
    grammars: new GrammarTable(createGrammars({ formats: options.formats ?? [] })),
    chooseCut: (bytes) => Math.min(bytes.length, 128 * 1024),
    sink: {
      scope: () => '',
      offer: (event) => (options.refuse?.(event) === true ? undefined : ''),
      expected: () => options.expected,
      record: (record) => records.push(toReadRecord(record)),
    },
  });
  for (const push of pushes) {
    const { bytes, afterMs } =
      typeof push === 'string' || Buffer.isBuffer(push) ? { bytes: push, afterMs: 0 } : push;
    reader.push(Buffer.from(bytes as string), fromUnixMs(DEFAULT_TIME_MS + afterMs));
  }
  reader.close();
  return records;
}

function toReadRecord({ line, reading, source, frames, part }: StreamRecord<string>): ReadRecord {
  return {
    body: reading === undefined ? line.text : reading.body,
    raw: line.raw,
    latin1: (line.bytes ?? Buffer.from(line.raw)).toString('latin1'),
    offset: line.offset,
    severity: reading?.severity ?? 0,
    severityText: reading?.severityText,
    stamp: reading?.stamp,
    logger: reading?.logger,
    attributes: { ...reading?.attributes },
    event: reading?.event?.type,
    source,
    isCut: line.isCut,
    frames,
    part: part?.index,
  };
}
