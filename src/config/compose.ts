import { relative } from 'node:path';
import * as v from 'valibot';
import { MistakeList } from './config-error.ts';
import { DEFAULT_CONFIG } from './defaults.ts';
import { findMistypedVariables, readEnvironment } from './layers/environment.ts';
import type { FoundFile } from './layers/find-file.ts';
import { expandIncludes } from './layers/includes.ts';
import { Interpolator } from './interpolation/interpolator.ts';
import { createMap, isNull, mergeMaps, removeEntry, toNode, toPlain } from './tree/node.ts';
import type { ConfigNode, MapEntry, MapNode } from './tree/node.ts';
import { DEFAULT_ORIGIN } from './tree/origin.ts';
import { readOverrides } from './layers/overrides.ts';
import { readLayer } from './layers/read-file.ts';
import { CONFIG_SCHEMA, SECTION_LIST } from './sections.ts';
import type { Config } from './sections.ts';
import { checkNode, dropUnknownKeys } from './tree/validate.ts';

/** As for `loadConfig`, with the file found and the flags as a layer. */
export interface ComposeOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly overrides?: readonly string[];
  readonly now?: Date;
  readonly file: FoundFile | undefined;
  readonly flags: MapNode;
}

export interface Composed {
  readonly config: Config;
  /** The configuration as nodes with their origins. */
  readonly root: MapNode;
  readonly warnings: readonly string[];
}

/**
 * Makes one configuration of all layers:
 * ```
 *   defaults < user's file < environment < overrides < flags      each with the presets and files that it names
 *      └──────────┴── merged, then interpolated, then checked ──┴─────────┘
 * ```
 * @throws {ConfigError} with every mistake
 */
export function composeConfig(options: ComposeOptions): Composed {
  const { cwd, env, flags } = options;
  const mistakes = new MistakeList();
  const layers = readLayers(options, mistakes);
  // What couldn't be read would be missed by what refers to it.
  mistakes.throwIfAny();

  const surroundings = { env, now: options.now ?? new Date() };
  const written = merge([...layers.lower, layers.overrides, flags]);
  for (const [name, { check }] of SECTION_LIST) {
    const node = written.entries.get(name)?.node;
    if (check !== undefined && node !== undefined) mistakes.add(...check(node));
  }
  const interpolator = new Interpolator(written, surroundings);
  const expand = (layer: MapNode): MapNode => {
    const expanded = expandIncludes(layer, { cwd, surroundings, interpolator, mistakes });
    const known = dropUnknownKeys(expanded, { schema: CONFIG_SCHEMA, path: [] });
    mistakes.add(...known.mistakes);
    return known.node as MapNode;
  };
  const lower = layers.lower.map((layer) => removeAll(expand(layer), layers.removed));
  const merged = merge([...lower, expand(layers.overrides), flags]);

  const resolved = resolveAll(merged, {
    interpolator: new Interpolator(merged, surroundings),
    mistakes,
  });
  const root = mergeMaps(DEFAULTS, resolved);
  mistakes.add(...checkNode(root, { schema: CONFIG_SCHEMA, path: [] }));
  mistakes.throwIfAny();
  return { config: v.parse(CONFIG_SCHEMA, toPlain(root)), root, warnings: toWarnings(options) };
}

const DEFAULTS = toNode(DEFAULT_CONFIG, DEFAULT_ORIGIN) as MapNode;

function merge(layers: readonly MapNode[]): MapNode {
  return layers.reduce((lower, upper) => mergeMaps(lower, upper), DEFAULTS);
}

interface Layers {
  /** The file and the environment, without what the command line removes. */
  readonly lower: readonly MapNode[];
  readonly overrides: MapNode;
  readonly removed: readonly (readonly string[])[];
}

function readLayers(
  { cwd, env, file, overrides = [] }: ComposeOptions,
  mistakes: MistakeList,
): Layers {
  const namedBy = env['STAGELIGHT_CONFIG'] ? { origin: NAMING_VARIABLE } : undefined;
  const own = mistakes.collect(() => file && readLayer({ path: file.path, cwd, namedBy }));
  const environment = readEnvironment(env, mistakes);
  const { layer, removed } = readOverrides(overrides, mistakes);
  const lower = [...(own === undefined ? [] : [own]), environment];
  return { lower: lower.map((each) => removeAll(each, removed)), overrides: layer, removed };
}

const NAMING_VARIABLE = { kind: 'variable', name: 'STAGELIGHT_CONFIG' } as const;

function removeAll(layer: MapNode, paths: readonly (readonly string[])[]): MapNode {
  return paths.reduce((rest, path) => removeEntry(rest, path), layer);
}

/** The tree without interpolations, and without what is null (as if it weren't set) or can't be resolved. */
function resolveAll(
  root: MapNode,
  { interpolator, mistakes }: { interpolator: Interpolator; mistakes: MistakeList },
): MapNode {
  const resolveEntries = (map: MapNode, path: readonly string[]): MapNode => {
    const entries: [string, MapEntry][] = [];
    for (const [key, entry] of map.entries) {
      const inner = [...path, key];
      const node = mistakes.collect((): ConfigNode => {
        if (isLiteral(inner)) return entry.node;
        if (entry.node.kind === 'map') return resolveEntries(entry.node, inner);
        return interpolator.resolve(entry.node, inner);
      });
      if (node !== undefined && !isNull(node)) entries.push([key, { ...entry, node }]);
    }
    return createMap(entries, map.origin);
  };
  return resolveEntries(root, []);
}

function isLiteral([name, key]: readonly string[]): boolean {
  const section = SECTION_LIST.find(([each]) => each === name)?.[1];
  return key !== undefined && (section?.literals ?? []).includes(key);
}

function toWarnings({ env, file, cwd }: ComposeOptions): string[] {
  const ignored = file?.ignored;
  return [
    ...(ignored === undefined
      ? []
      : [`${relative(cwd, ignored)} is ignored, since ${relative(cwd, file!.path)} is there too`]),
    ...findMistypedVariables(env),
  ];
}
