import { basename, dirname } from 'node:path';
import { ConfigError } from '../config-error.ts';
import { Interpolator } from '../interpolation/interpolator.ts';
import { createMap, getEntry, isNull } from '../tree/node.ts';
import type { ConfigNode, MapEntry, MapNode, ScalarNode } from '../tree/node.ts';
import type { Include, IncludeContext } from '../section.ts';
import { toSuggestionHint } from '../suggest.ts';
import { isReadingFormat } from './formats.ts';
import { FORMAT, LEVEL } from './values.ts';
import { checkNode } from '../tree/validate.ts';

/**
 * `logging.from`: takes `level` and `formatter` from the configuration that the scripts of a Hydra project share, and
 * ignores all else in it. So what the scripts print and what `run.log` shows have one format and one level.
 */
export const loggingFrom: Include = {
  key: 'from',
  load(named, context) {
    const [path, section] = splitSection(String(named.value));
    const { source, root } = context.readYaml(path, { isForeign: true });
    const keys = section === undefined ? [] : section.split('.');
    const part = findSection({ root, keys, named, context, label: source.label });
    // In Hydra a group's file lies in a package of the group's name, so that is what `${logging_utils.level}` is.
    const interpolator = new Interpolator(root, context.surroundings, {
      prefix: basename(dirname(source.path)),
    });
    const take = (key: 'level' | 'formatter'): MapEntry | undefined => {
      const entry = getEntry(part, key);
      if (entry === undefined || isNull(entry.node)) return undefined;
      const node = context.mistakes.collect(() => interpolator.resolve(entry.node, [...keys, key]));
      if (node === undefined || isNull(node)) return undefined;
      const schema = key === 'level' ? LEVEL : FORMAT;
      const faults = checkNode(node, { schema, path: [...keys, key] });
      context.mistakes.add(...faults);
      return faults.length > 0 ? undefined : { ...entry, node };
    };
    if (part.entries.has('level') || part.entries.has('formatter')) {
      return toSettings({ level: take('level'), formatter: take('formatter') }, part);
    }
    throw refuse(part, { context, text: 'expected the key level or formatter (or both) here' });
  },
};

function splitSection(reference: string): [path: string, section: string | undefined] {
  const hash = reference.lastIndexOf('#');
  if (hash < 0) return [reference, undefined];
  return [reference.slice(0, hash), reference.slice(hash + 1)];
}

function findSection(options: {
  root: ConfigNode;
  keys: readonly string[];
  named: ScalarNode;
  context: IncludeContext;
  label: string;
}): MapNode {
  const { root, keys, named, context, label } = options;
  let part: ConfigNode = root;
  for (const key of keys) {
    const below = getEntry(part, key)?.node;
    if (below === undefined) {
      const names = part.kind === 'map' ? [...part.entries.keys()] : [];
      throw refuse(named, {
        context,
        text: `there is no section ${keys.join('.')} in ${label}`,
        hint: toSuggestionHint(key, names),
      });
    }
    part = below;
  }
  if (part.kind === 'map') return part;
  throw refuse(part, { context, text: 'expected a mapping with level or formatter here' });
}

function refuse(
  node: ConfigNode,
  fault: { context: IncludeContext; text: string; hint?: string | undefined },
): ConfigError {
  const { context, text, hint } = fault;
  return new ConfigError([{ code: 'value', origin: node.origin, key: context.key, text, hint }]);
}

/** The formatter is what is shown, and what the scripts' lines are read by even where another one is shown. */
function toSettings(
  { level, formatter }: { level: MapEntry | undefined; formatter: MapEntry | undefined },
  { origin }: MapNode,
): MapNode {
  const entries = new Map<string, MapEntry>();
  if (level !== undefined) entries.set('level', level);
  if (formatter === undefined) return createMap(entries, origin);
  entries.set('format', formatter);
  if (formatter.node.kind === 'scalar' && isReadingFormat(String(formatter.node.value))) {
    const items = [formatter.node];
    entries.set('formats', {
      ...formatter,
      node: { kind: 'list', items, origin: formatter.node.origin },
    });
  }
  return createMap(entries, origin);
}
