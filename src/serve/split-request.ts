import { ATTR } from '../model/attributes.ts';
import { isRunId } from '../model/ids.ts';
import type { RunId } from '../model/ids.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { EnvelopeShape } from '../spool/envelope-writer.ts';
import { parseAttributes } from '../spool/signal-reader.ts';

type Json = Readonly<Record<string, unknown>>;

/** The names of one signal's parts in OTLP/JSON. */
export interface SignalNames {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

/** What a request brings of one run. */
export interface ReceivedBatch {
  readonly runId: RunId;
  /** The trace that it names; the run's own ID where it names none. */
  readonly traceId: string;
  readonly resource: Attributes;
  readonly signal: 'spans' | 'logRecords' | 'metrics';
  /** Around its items in a line of the signal's file. */
  readonly shape: EnvelopeShape;
  readonly scopes: readonly { readonly scope: Json; readonly items: readonly Json[] }[];
}

/** Takes a request apart by the runs that it is about; counts what is about none. */
export function splitRequest(
  request: Json,
  names: SignalNames,
): { readonly batches: readonly ReceivedBatch[]; readonly strayCount: number } {
  const batches: ReceivedBatch[] = [];
  let strayCount = 0;
  for (const resource of toList(request[names.resources])) {
    const scopes = toList(resource[names.scopes]).map((scope) => ({
      scope: toObject(scope['scope']),
      items: toList(scope[names.items]),
    }));
    const attributes = parseAttributes(toObject(resource['resource'])['attributes']);
    const runId = attributes[ATTR.pipelineRunId];
    if (typeof runId !== 'string' || !isRunId(runId)) {
      strayCount += scopes.reduce((sum, { items }) => sum + items.length, 0);
      continue;
    }
    batches.push({
      runId,
      traceId: findTraceId(scopes) ?? runId,
      resource: attributes,
      signal: names.items as ReceivedBatch['signal'],
      shape: toShape(resource, names),
      scopes,
    });
  }
  return { batches, strayCount };
}

function findTraceId(scopes: ReceivedBatch['scopes']): string | undefined {
  for (const { items } of scopes) {
    const traceId = items.find((item) => typeof item['traceId'] === 'string')?.['traceId'];
    if (typeof traceId === 'string' && isRunId(traceId)) return traceId;
  }
  return undefined;
}

function toShape(resource: Json, names: SignalNames): EnvelopeShape {
  const { resource: described, schemaUrl } = resource;
  const url = typeof schemaUrl === 'string' ? `"schemaUrl":${JSON.stringify(schemaUrl)},` : '';
  return {
    head: `{"${names.resources}":[{"resource":${JSON.stringify(described ?? {})},${url}"${names.scopes}":[`,
    itemsKey: names.items,
    tail: ']}]}',
  };
}

function toObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function toList(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(toObject) : [];
}
