import type { InboxAttributes, InboxValue } from './inbox.ts';
import type { Attributes, AttributeValue } from './pipeline.ts';

/** Attributes as an inbox has them. What is no value of an attribute is left out: inboxes are written by other programs. */
export function parseInboxAttributes(attributes: InboxAttributes | undefined): Attributes {
  const parsed: Attributes = {};
  for (const key in attributes) {
    const value = parseInboxValue(attributes[key]!);
    if (value !== undefined) parsed[key] = value;
  }
  return parsed;
}

function parseInboxValue(value: InboxValue): AttributeValue | undefined {
  if (typeof value !== 'object') return value;
  if (value === null) return undefined;
  if (Array.isArray(value)) {
    return value.map(parseInboxValue).filter((item) => item !== undefined) as string[];
  }
  if ('double' in value) return Number(value.double);
  if ('bytes' in value) return Buffer.from(value.bytes, 'base64');
  return undefined;
}
