import { ConfigError } from '../config-error.ts';
import { expandGroups } from './groups.ts';
import { createMap, isNull } from '../tree/node.ts';
import type { ConfigNode, MapNode } from '../tree/node.ts';
import { readSource } from './read-source.ts';
import type { ReadSourceOptions } from './read-source.ts';
import type { SourceText } from '../tree/source-text.ts';
import { MAPPING } from '../sections/values.ts';
import { parseYaml } from '../tree/yaml-node.ts';

/** A file of configuration, parsed. */
export interface YamlFile {
  readonly source: SourceText;
  readonly root: ConfigNode;
}

/** @throws {ConfigError} when the file can't be read or isn't YAML */
export function readYamlFile(options: ReadSourceOptions & { isForeign: boolean }): YamlFile {
  const source = readSource(options);
  const root = parseYaml(source.text, {
    toOrigin: (start, end) => ({ kind: 'text', source, start, end }),
    isForeign: options.isForeign,
  });
  return { source, root };
}

/**
 * The layer that a file in our own words is; an empty file is an empty one.
 * @throws {ConfigError} when it can't be read or isn't a mapping
 */
export function readLayer(options: ReadSourceOptions): MapNode {
  const { root } = readYamlFile({ ...options, isForeign: false });
  if (isNull(root)) return createMap([], root.origin);
  if (root.kind === 'map') return expandGroups(root);
  throw new ConfigError([
    { code: 'value', origin: root.origin, text: `${MAPPING}, got a ${root.kind}` },
  ]);
}
