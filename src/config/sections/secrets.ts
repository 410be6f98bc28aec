import * as v from 'valibot';
import { ConfigError } from '../config-error.ts';
import { createMap, getEntry } from '../tree/node.ts';
import type { Include, Section } from '../section.ts';
import { mapping, PATTERN, line } from './values.ts';

const RULE = mapping({ name: line("the rule's name"), pattern: PATTERN });

/** `rules_file`: a YAML file with a list of rules, or with one under `rules`. */
const rulesFile: Include = {
  key: 'rules_file',
  load(named, { key, readYaml }) {
    const { root } = readYaml(String(named.value), { isForeign: false });
    const rules = getEntry(root, 'rules')?.node ?? root;
    if (rules.kind === 'list') {
      return createMap([['rules', { keyOrigin: named.origin, node: rules }]], named.origin);
    }
    throw new ConfigError([
      {
        code: 'value',
        origin: rules.origin,
        key,
        text: 'expected a list of rules, each with a name and a pattern',
      },
    ]);
  },
};

/** `secrets`: what is masked beside what is known to be a secret. */
export const secrets = {
  schema: mapping({
    rules: v.array(RULE, 'expected a list of rules, each with a name and a pattern'),
    rules_file: v.exactOptional(line('the path of a file with rules')),
  }),
  includes: [rulesFile],
  // A pattern that an unescaping had changed would mask nothing, and nobody would notice.
  literals: ['rules'],
} satisfies Section;
