import type { MistakeList } from '../config-error.ts';
import { createMap, setEntry } from '../tree/node.ts';
import type { MapNode } from '../tree/node.ts';
import { readValue } from './read-value.ts';
import { CONFIG_SCHEMA } from '../sections.ts';
import { walkSchema } from '../tree/schema-tree.ts';
import type { SettingSchema } from '../tree/schema-tree.ts';
import { suggest } from '../suggest.ts';
import { PREFIX, isConfigVariable } from './variables.ts';

/**
 * The variables that settings are read from, made of the schema: `STAGELIGHT_` and the key's path in upper case. A
 * section with presets has one for the preset too: `STAGELIGHT_LOGGING`.
 */
export const VARIABLES: ReadonlyMap<string, SettingSchema> = new Map(
  [...walkSchema(CONFIG_SCHEMA)].flatMap((setting) => {
    const { path } = setting;
    const names = path.at(-1) === 'preset' ? [path, path.slice(0, -1)] : [path];
    return names.map((name) => [toVariable(name), setting] as const);
  }),
);

function toVariable(path: readonly string[]): string {
  return `${PREFIX}${path.join('_').toUpperCase()}`;
}

/** The layer that the environment is. A variable that is empty counts as unset. */
export function readEnvironment(env: NodeJS.ProcessEnv, mistakes: MistakeList): MapNode {
  let layer = createMap([]);
  for (const [name, { path, schema }] of VARIABLES) {
    const text = env[name];
    if (!text) continue;
    const origin = { kind: 'variable', name } as const;
    const node = mistakes.collect(() => readValue(text, { schema, origin, key: path.join('.') }));
    if (node !== undefined) layer = setEntry(layer, path, { keyOrigin: origin, node });
  }
  return layer;
}

/** Says which variables look like settings with a typing error. They aren't mistakes: a variable may be for others. */
export function findMistypedVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => isConfigVariable(name) && !VARIABLES.has(name))
    .flatMap((name) => {
      const near = suggest(name.slice(PREFIX.length), withoutPrefix());
      return near === undefined ? [] : [`${name} is no setting; did you mean ${PREFIX}${near}?`];
    });
}

function withoutPrefix(): string[] {
  return [...VARIABLES.keys()].map((name) => name.slice(PREFIX.length));
}
