import type { Attributes } from '../../model/pipeline.ts';
import { toAttributes, toObject } from './otlp-json.ts';

const PREFIX = 'mlops.sender.';
const MAX_ATTRIBUTES = 32;
/** What every SDK says of itself, and what the run's own resource says better. */
const LEFT_OUT = /^(?:telemetry|process|host|os)\./;

/** What a sender's resource says of it, as attributes of all that it sends: the run's own resource replaces it. */
export function toSenderAttributes(resource: unknown): Attributes {
  const given = Object.entries(toAttributes(toObject(resource)['attributes']));
  return Object.fromEntries(
    given
      .filter(([key, value]) => !LEFT_OUT.test(key) && !String(value).startsWith('unknown_service'))
      .slice(0, MAX_ATTRIBUTES)
      .map(([key, value]) => [`${PREFIX}${key}`, value]),
  );
}
