import * as v from 'valibot';
import type { Mistake } from '../config-error.ts';
import { createMap, formatPath, getNode, toPlain } from './node.ts';
import type { ConfigNode, MapEntry, NodePath } from './node.ts';
import { toEntries, toItem, toNamedValue } from './schema-tree.ts';
import { toSuggestionHint } from '../suggest.ts';

export interface CheckOptions {
  readonly schema: v.GenericSchema;
  /** The way to the node, for messages. */
  readonly path: NodePath;
}

/** Takes the keys that the schema doesn't have out of a node, each as a mistake where it was written. */
export function dropUnknownKeys(
  node: ConfigNode,
  options: CheckOptions,
): { readonly node: ConfigNode; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = [];
  const drop = (each: ConfigNode, { schema, path }: CheckOptions): ConfigNode => {
    const item = toItem(schema);
    if (each.kind === 'list' && item !== undefined) {
      const items = each.items.map((one, index) =>
        drop(one, { schema: item, path: [...path, index] }),
      );
      return { ...each, items };
    }
    const named = toNamedValue(schema);
    if (each.kind === 'map' && named !== undefined) {
      const inner = [...each.entries].map(
        ([key, entry]) =>
          [
            key,
            { ...entry, node: drop(entry.node, { schema: named, path: [...path, key] }) },
          ] as const,
      );
      return createMap(inner, each.origin);
    }
    const entries = toEntries(schema);
    if (each.kind !== 'map' || entries === undefined) return each;
    const kept: [string, MapEntry][] = [];
    for (const [key, entry] of each.entries) {
      if (!Object.hasOwn(entries, key)) {
        mistakes.push(toUnknownKey({ key, entry, path, known: Object.keys(entries) }));
        continue;
      }
      const inner = drop(entry.node, { schema: entries[key]!, path: [...path, key] });
      kept.push([key, { ...entry, node: inner }]);
    }
    return createMap(kept, each.origin);
  };
  return { node: drop(node, options), mistakes };
}

function toUnknownKey(found: {
  key: string;
  entry: MapEntry;
  path: NodePath;
  known: readonly string[];
}): Mistake {
  const { key, entry, path, known } = found;
  return {
    code: 'unknown-key',
    origin: entry.keyOrigin,
    key: formatPath([...path, shorten(key)]),
    text: `unknown key; expected one of ${known.join(', ')}`,
    hint: toSuggestionHint(key, known),
  };
}

/** What a schema finds wrong with a node, each where it was written. */
export function checkNode(node: ConfigNode, { schema, path }: CheckOptions): Mistake[] {
  const { issues } = v.safeParse(schema, toPlain(node), { abortPipeEarly: true });
  return (issues ?? []).map((issue) => toMistake(issue, { node, path }));
}

function toMistake(
  issue: v.BaseIssue<unknown>,
  { node, path }: { node: ConfigNode; path: NodePath },
): Mistake {
  const inner = (issue.path ?? []).map(({ key }) => key as string | number);
  const key = formatPath([...path, ...inner]);
  const found = getNode(node, inner);
  if (found === undefined) {
    const parent = getNode(node, inner.slice(0, -1)) ?? node;
    return { code: 'value', origin: parent.origin, key, text: `expected this key, got none` };
  }
  const text = `${issue.message}, got ${describeValue(found)}`;
  return { code: 'value', origin: found.origin, key, text };
}

/** A value as a message shows it, on one line. */
function describeValue(node: ConfigNode): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  return typeof node.value === 'string' ? JSON.stringify(shorten(node.value)) : String(node.value);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
