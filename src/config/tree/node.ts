import { DEFAULT_ORIGIN } from './origin.ts';
import type { Origin } from './origin.ts';

/**
 * Configuration as it was written, each part with its origin: what files, variables and arguments are turned into, what
 * is merged, and where a mistake that the schema finds is traced back to.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly origin: Origin;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
  readonly origin: Origin;
}

/** A `Map`, since keys come from outside and `__proto__` is one like any other. */
export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly origin: Origin;
}

export interface MapEntry {
  /** Where the key was written. */
  readonly keyOrigin: Origin;
  readonly node: ConfigNode;
}

/** The way to a node: keys of mappings and places in lists. */
export type NodePath = readonly (string | number)[];

/** A path as a message shows it: `secrets.rules[0].pattern`. */
export function formatPath(path: NodePath): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${part}`,
    )
    .join('');
}

/** Whether a node says that nothing is set, as an empty value does. */
export function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

export function createMap(
  entries: Iterable<readonly [string, MapEntry]>,
  origin: Origin = DEFAULT_ORIGIN,
): MapNode {
  return { kind: 'map', entries: new Map(entries), origin };
}

/** A plain value as node, all of it of one origin. */
export function toNode(value: unknown, origin: Origin): ConfigNode {
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item) => toNode(item, origin)), origin };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, { keyOrigin: origin, node: toNode(item, origin) }] as const,
    );
    return createMap(entries, origin);
  }
  return { kind: 'scalar', value: (value ?? null) as ScalarNode['value'], origin };
}

/** A node as plain value. Prototypes are out of reach: every key becomes a property of its own. */
export function toPlain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toPlain(entry.node)]));
}

/** `upper` over `lower`: mappings are joined key by key, all else is replaced. */
export function mergeNodes(lower: ConfigNode, upper: ConfigNode): ConfigNode {
  return lower.kind === 'map' && upper.kind === 'map' ? mergeMaps(lower, upper) : upper;
}

/** {@link mergeNodes} of two mappings. */
export function mergeMaps(lower: MapNode, upper: MapNode): MapNode {
  const entries = new Map(lower.entries);
  for (const [key, entry] of upper.entries) {
    const below = entries.get(key);
    const node = below === undefined ? entry.node : mergeNodes(below.node, entry.node);
    entries.set(key, { keyOrigin: entry.keyOrigin, node });
  }
  return createMap(entries, upper.origin);
}

export function getEntry(node: ConfigNode | undefined, key: string | number): MapEntry | undefined {
  if (node?.kind === 'map') return node.entries.get(String(key));
  const item = node?.kind === 'list' ? node.items[Number(key)] : undefined;
  return item === undefined ? undefined : { keyOrigin: item.origin, node: item };
}

export function getNode(root: ConfigNode, path: NodePath): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const part of path) node = getEntry(node, part)?.node;
  return node;
}

/** `map` with `entry` at a path; what isn't a mapping on the way becomes one. */
export function setEntry(map: MapNode, path: readonly string[], entry: MapEntry): MapNode {
  const [key, ...rest] = path;
  if (key === undefined) return map;
  const below = map.entries.get(key)?.node;
  const inner = below?.kind === 'map' ? below : createMap([], entry.node.origin);
  const next =
    rest.length === 0 ? entry : { keyOrigin: entry.keyOrigin, node: setEntry(inner, rest, entry) };
  return createMap([...map.entries, [key, next]], map.origin);
}

/** `map` without what is at a path. */
export function removeEntry(map: MapNode, path: readonly string[]): MapNode {
  const [key, ...rest] = path;
  const entry = key === undefined ? undefined : map.entries.get(key);
  if (key === undefined || entry === undefined) return map;
  const entries = new Map(map.entries);
  if (rest.length === 0) entries.delete(key);
  else if (entry.node.kind === 'map')
    entries.set(key, { ...entry, node: removeEntry(entry.node, rest) });
  return createMap(entries, map.origin);
}

/** Every scalar and list below a node, with its path. A list is one setting: its items have none of their own. */
export function* walkSettings(
  node: ConfigNode,
  path: readonly string[] = [],
): Generator<{ readonly path: readonly string[]; readonly node: ScalarNode | ListNode }> {
  if (node.kind !== 'map') yield { path, node };
  else for (const [key, entry] of node.entries) yield* walkSettings(entry.node, [...path, key]);
}
