import { cutText } from '../api/attributes.ts';
import { toList, toObject, toText } from './otlp-json.ts';
import { toSenderAttributes } from './sender.ts';
import type { OtlpSignal } from '../../otlp/signal.ts';
import { toLogEntry, toMetricEntry, toSpanEntry } from './to-entry.ts';
import type { ItemContext } from './to-entry.ts';

/** What a request has become. */
export interface Received {
  /** Inbox entries, a line each. */
  readonly lines: readonly string[];
  readonly rejectedCount: number;
}

const TO_ENTRY = {
  spans: toSpanEntry,
  logRecords: toLogEntry,
  metrics: toMetricEntry,
} as const;

const MAX_SCOPE_LENGTH = 256;

/** Makes inbox entries of a request that is OTLP/JSON. */
export function receive(
  request: Readonly<Record<string, unknown>>,
  signal: OtlpSignal,
  traceId: string,
): Received {
  const toEntry = TO_ENTRY[signal.items as keyof typeof TO_ENTRY];
  const lines: string[] = [];
  let rejectedCount = 0;
  for (const resource of toList(request[signal.resources])) {
    const sender = toSenderAttributes(resource['resource']);
    for (const scope of toList(resource[signal.scopes])) {
      const name = toText(toObject(scope['scope'])['name']);
      const context: ItemContext = {
        traceId,
        sender,
        scope: name === undefined ? undefined : cutText(name, MAX_SCOPE_LENGTH),
      };
      for (const item of toList(scope[signal.items])) {
        const line = tryTo(() => toEntry(item, context));
        if (line === undefined) rejectedCount += 1;
        else lines.push(line);
      }
    }
  }
  return { lines, rejectedCount };
}

/** One item that nobody foresaw takes none of the others along. */
function tryTo<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
