import { dirname, resolve } from 'node:path';
import { ConfigError } from '../config-error.ts';
import type { MistakeList } from '../config-error.ts';
import { hasPresets } from './groups.ts';
import type { Interpolator } from '../interpolation/interpolator.ts';
import { createMap, getEntry, isNull, mergeMaps, removeEntry, setEntry } from '../tree/node.ts';
import type { MapEntry, MapNode, ScalarNode } from '../tree/node.ts';
import { findPresets } from './presets.ts';
import { readLayer, readYamlFile } from './read-file.ts';
import type { Surroundings } from '../interpolation/resolvers.ts';
import type { Include, IncludeContext, Section } from '../section.ts';
import { SECTION_LIST } from '../sections.ts';
import { toSuggestionHint } from '../suggest.ts';

export interface ExpandOptions {
  readonly cwd: string;
  readonly surroundings: Surroundings;
  /** For the names of files and presets; its tree has all layers, none of them expanded. */
  readonly interpolator: Interpolator;
  readonly mistakes: MistakeList;
}

/**
 * A layer with what it names: a preset and files. They count as if they stood in the layer that names them, beneath what
 * it says itself. So `logging=debug` on the command line comes before the level in `stagelight.yaml`.
 */
export function expandIncludes(layer: MapNode, options: ExpandOptions): MapNode {
  let expanded = layer;
  for (const [name, section] of SECTION_LIST) {
    const entry = layer.entries.get(name);
    if (entry?.node.kind !== 'map') continue;
    const node = expandSection({ name, section, node: entry.node }, options);
    expanded = setEntry(expanded, [name], { ...entry, node });
  }
  return expanded;
}

interface NamedSection {
  readonly name: string;
  readonly section: Section;
  readonly node: MapNode;
}

function expandSection({ name, section, node }: NamedSection, options: ExpandOptions): MapNode {
  const preset: Include = { key: 'preset', load: (named) => loadPreset(name, named, options) };
  let expanded = node;
  for (const include of section.includes ?? []) {
    const { own, included } = loadInclude(include, { name, section, node: expanded }, options);
    expanded = included === undefined ? own : joinMaps(included, own);
  }
  if (!hasPresets(section)) return expanded;
  const { own, included } = loadInclude(preset, { name, section, node: expanded }, options);
  return included === undefined ? own : mergeMaps(included, own);
}

/** What an include gives, and the section with the file's name resolved (without it when there is a mistake in it). */
function loadInclude(
  include: Include,
  { name, node }: NamedSection,
  options: ExpandOptions,
): { own: MapNode; included?: MapNode | undefined } {
  const entry = getEntry(node, include.key);
  if (entry === undefined) return { own: node };
  const { mistakes, interpolator, surroundings } = options;
  const path = [name, include.key];
  const named = mistakes.collect(() => interpolator.resolve(entry.node, path));
  if (named === undefined || isNull(named)) return { own: removeEntry(node, [include.key]) };
  const own = setEntry(node, [include.key], { ...entry, node: named });
  // The schema says what is wrong with it.
  if (named.kind !== 'scalar' || typeof named.value !== 'string') return { own };
  const key = path.join('.');
  const readYaml: IncludeContext['readYaml'] = (file, { isForeign }) =>
    readYamlFile({
      path: resolve(toFolder(named, options.cwd), file),
      cwd: options.cwd,
      namedBy: { origin: named.origin, key },
      isForeign,
    });
  const load = () => include.load(named, { key, surroundings, mistakes, readYaml });
  return { own, included: mistakes.collect(load) };
}

/** Where a relative path is relative to. */
function toFolder({ origin }: ScalarNode, cwd: string): string {
  return origin.kind === 'text' ? dirname(origin.source.path) : cwd;
}

/** A preset: `configs/<group>/<name>.yaml` of this package. */
function loadPreset(group: string, named: ScalarNode, { cwd }: ExpandOptions): MapNode {
  const presets = findPresets(group);
  const name = String(named.value);
  const path = presets.get(name);
  const { origin } = named;
  const key = group;
  if (path !== undefined) {
    return readLayer({ path, cwd, namedBy: { origin, key }, preset: `${group}/${name}` });
  }
  const names = [...presets.keys()];
  const text = `expected one of the presets ${names.join(', ')}, got ${JSON.stringify(name)}`;
  throw new ConfigError([
    { code: 'value', origin, key, text, hint: toSuggestionHint(name, names) },
  ]);
}

/** `own` over `included`; lists are joined, the section's own items first. */
function joinMaps(included: MapNode, own: MapNode): MapNode {
  const entries = new Map<string, MapEntry>(included.entries);
  for (const [key, entry] of own.entries) {
    const below = entries.get(key)?.node;
    const { node } = entry;
    const isJoined = below?.kind === 'list' && node.kind === 'list';
    const joined = isJoined ? { ...node, items: [...node.items, ...below.items] } : node;
    entries.set(key, { ...entry, node: joined });
  }
  return createMap(entries, own.origin);
}
