import { createMap, isNull } from '../tree/node.ts';
import type { ConfigNode, MapEntry, MapNode } from '../tree/node.ts';
import type { Section } from '../section.ts';
import { SECTION_LIST } from '../sections.ts';
import { toEntries } from '../tree/schema-tree.ts';

/**
 * A layer with its short forms written out: `logging: debug` chooses a preset, as Hydra's groups do, and a section
 * without anything in it is an empty one.
 */
export function expandGroups(layer: MapNode): MapNode {
  const entries = new Map(layer.entries);
  for (const [name, section] of SECTION_LIST) {
    const entry = entries.get(name);
    if (entry !== undefined) entries.set(name, { ...entry, node: expandGroup(entry, section) });
  }
  return createMap(entries, layer.origin);
}

/** Whether a section has presets. */
export function hasPresets(section: Section): boolean {
  return Object.hasOwn(toEntries(section.schema) ?? {}, 'preset');
}

function expandGroup({ node, keyOrigin }: MapEntry, section: Section): ConfigNode {
  if (isNull(node)) return createMap([], node.origin);
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !hasPresets(section)) return node;
  return createMap([['preset', { keyOrigin, node }]], node.origin);
}
