import type { MistakeList } from '../config-error.ts';
import { expandGroups } from './groups.ts';
import { createMap, mergeMaps, removeEntry, setEntry } from '../tree/node.ts';
import type { MapNode } from '../tree/node.ts';
import type { Origin } from '../tree/origin.ts';
import { parseOverride } from './override-syntax.ts';
import type { Override } from './override-syntax.ts';
import { readValue } from './read-value.ts';
import { CONFIG_SCHEMA } from '../sections.ts';
import { findSchema } from '../tree/schema-tree.ts';
import { toSuggestionHint } from '../suggest.ts';

export interface Overrides {
  readonly layer: MapNode;
  /** Paths that the layers below are to lose. */
  readonly removed: readonly (readonly string[])[];
}

/** The layer that the arguments of the command line are; of two for one key the last one counts. */
export function readOverrides(args: readonly string[], mistakes: MistakeList): Overrides {
  let layer = createMap([]);
  const removed: (readonly string[])[] = [];
  for (const argument of args) {
    const override = parseOverride(argument);
    const origin = { kind: 'override', argument } as const;
    if (override === undefined) {
      mistakes.add({ code: 'syntax', origin, text: 'expected key=value, +key=value or ~key' });
    } else if (override.text === undefined) {
      mistakes.add(...findUnknownKey(override.path, origin));
      layer = removeEntry(layer, override.path);
      removed.push(override.path);
    } else {
      layer = mergeMaps(layer, readAssignment(override, { origin, mistakes }));
    }
  }
  return { layer, removed };
}

/** An override as a layer of its own, so that one is laid over the other like files are. */
function readAssignment(
  { path, text = '' }: Override,
  { origin, mistakes }: { origin: Origin; mistakes: MistakeList },
): MapNode {
  const empty = createMap([]);
  const found = findSchema(CONFIG_SCHEMA, path);
  if (found.status === 'unknown') {
    mistakes.add(...findUnknownKey(path, origin));
    return empty;
  }
  const key = path.join('.');
  const node = mistakes.collect(() => readValue(text, { schema: found.schema, origin, key }));
  return node === undefined
    ? empty
    : expandGroups(setEntry(empty, path, { keyOrigin: origin, node }));
}

function findUnknownKey(path: readonly string[], origin: Origin) {
  const found = findSchema(CONFIG_SCHEMA, path);
  if (found.status === 'found') return [];
  const { key, known } = found;
  const expected = known.length === 0 ? 'no key below' : `one of ${known.join(', ')}`;
  return [
    {
      code: 'unknown-key' as const,
      origin,
      key: path.join('.'),
      text: `unknown key ${JSON.stringify(key)}; expected ${expected}`,
      hint: toSuggestionHint(key, known),
    },
  ];
}
