import type * as v from 'valibot';
import type { ConfigNode } from '../tree/node.ts';
import type { Origin } from '../tree/origin.ts';
import { isText } from '../tree/schema-tree.ts';
import { parseYaml } from '../tree/yaml-node.ts';

/**
 * The value of a variable or an argument. A setting that takes texts takes it as it is, since `%(asctime)s` and
 * `[%(levelname)s] %(message)s` are no YAML texts without quotes; around the whole of it quotes may stand. All else is YAML.
 * @throws {ConfigError} when it isn't
 */
export function readValue(
  text: string,
  options: { schema: v.GenericSchema; origin: Origin; key: string },
): ConfigNode {
  const { schema, origin, key } = options;
  const isQuoted = /^'(?:[^']|'')*'$|^"(?:[^"\\]|\\[^])*"$/.test(text);
  // Nothing isn't YAML's null here: it is what a variable of the shell's that isn't set leaves.
  if (text.trim() === '' || (isText(schema) && !isQuoted))
    return { kind: 'scalar', value: text, origin };
  return parseYaml(text, { toOrigin: () => origin, key });
}
