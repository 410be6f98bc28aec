import { ATTR } from '../../model/attributes.ts';
import type { Signal } from './signal.ts';

const MAX_TEXT = 80;

interface Item {
  readonly name?: unknown;
  readonly spanId?: unknown;
  readonly body?: { readonly stringValue?: unknown };
  readonly attributes?: readonly { key?: unknown; value?: { stringValue?: unknown } }[];
}

/** Names an item, so that somebody finds it: `log record 1f3-0 of stage train: "loss is nan"`. */
export function describeItem(bytes: Buffer, signal: Signal): string {
  try {
    const item = JSON.parse(bytes.toString('utf8')) as Item;
    const attribute = (key: string): unknown =>
      item.attributes?.find((each) => each.key === key)?.value?.stringValue;
    const id = attribute(ATTR.uid) ?? item.spanId ?? '';
    const stage = attribute(ATTR.taskName);
    const text = item.name ?? item.body?.stringValue;
    const place = stage === undefined ? '' : ` of stage ${String(stage)}`;
    const shown = typeof text === 'string' ? `: ${JSON.stringify(shorten(text))}` : '';
    return `${signal.item} ${String(id)}${place}${shown}`;
  } catch {
    return `${signal.item} that isn't JSON`;
  }
}

function shorten(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
