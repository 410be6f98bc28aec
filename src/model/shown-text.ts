import { EVENT } from './attributes.ts';
import type { SeverityNumber } from './severity.ts';

/** Events that are for machines, or that a line of the output tells as well: not in the text. */
const WITHOUT_TEXT: ReadonlySet<string> = new Set([
  EVENT.heartbeat,
  EVENT.metric,
  EVENT.stageStart,
  EVENT.trialStart,
]);

/** Whether a record is an event that isn't shown where a run is shown as text. */
export function isEventWithoutText(eventName: string | undefined): boolean {
  return eventName !== undefined && WITHOUT_TEXT.has(eventName);
}

/** Whether a record is shown where a run is shown as text, above a lowest severity; one without a level always is. */
export function isShownAsText(
  record: { readonly severity: SeverityNumber; readonly eventName: string | undefined },
  minimumSeverity: SeverityNumber,
): boolean {
  if (record.severity > 0 && record.severity < minimumSeverity) return false;
  return !isEventWithoutText(record.eventName);
}

/** A record's message, and the stack trace behind it where the message isn't the trace itself. */
export function toShownBody(body: string, stack: unknown): string {
  return typeof stack === 'string' && !body.includes(stack) ? `${body}\n${stack}` : body;
}
