import { describe, expect, test } from 'vitest';
import { load, loadWrong, sourceOf } from './project.ts';

const RULE = "- { name: ticket, pattern: 'T-\\d+' }";

test.each([
  ['a list', RULE],
  ['a list under rules', `rules:\n  ${RULE}`],
])('rules come from a file that is %s', async (_title, text) => {
  const { config } = await load({
    'stagelight.yaml': 'secrets: { rules_file: rules.yaml }\n',
    'rules.yaml': text,
  });

  expect(config.secrets.rules).toEqual([{ name: 'ticket', pattern: String.raw`T-\d+` }]);
});

test("rules of a file come behind the configuration's own", async () => {
  const loaded = await load({
    'stagelight.yaml':
      "secrets:\n  rules_file: rules.yaml\n  rules: [{ name: own, pattern: 'x+' }]\n",
    'rules.yaml': RULE,
  });

  expect(loaded.config.secrets.rules.map(({ name }) => name)).toEqual(['own', 'ticket']);
  expect(sourceOf(loaded, 'secrets.rules')).toBe('stagelight.yaml:3:10');
});

test('in a pattern ${ is no interpolation', async () => {
  const pattern = String.raw`\${\w+}|[$]{2}`;
  const { config } = await load({
    'stagelight.yaml': `secrets: { rules: [{ name: a, pattern: '${pattern}' }] }\n`,
  });

  expect(config.secrets.rules[0]?.pattern).toBe(pattern);
});

describe('a mistake is told where it is', () => {
  test.each([
    [
      "{ name: a, pattern: '[' }",
      '1:21: secrets.rules[0].pattern: expected a regular expression in JavaScript\'s syntax (Unterminated character class), got "["',
    ],
    [
      "{ name: a, pattern: '(?i)x' }",
      "1:21: secrets.rules[0].pattern: expected a regular expression in JavaScript's syntax (Invalid group)",
    ],
    [
      "{ name: a, pattern: 'x*' }",
      '1:21: secrets.rules[0].pattern: expected a regular expression that matches something',
    ],
    ["{ name: '', pattern: x }", "1:9: secrets.rules[0].name: expected the rule's name"],
    ['{ name: a }', '1:1: secrets.rules[0].pattern: expected this key, got none'],
    [
      '{ name: a, pattern: x, Pattern: y }',
      '1:24: secrets.rules[0].Pattern: unknown key; expected one of name, pattern',
    ],
    ['text', '1:1: secrets.rules[0]: expected a mapping of keys to values, got "text"'],
  ])('%s', async (rule, message) => {
    const inFile = await loadWrong({
      'stagelight.yaml': 'secrets: { rules_file: rules.yaml }\n',
      'rules.yaml': `- ${rule}`,
    });
    const place = /^1:(\d+)(.*)$/s.exec(message)!;
    expect(inFile.message).toContain(`rules.yaml:1:${Number(place[1]) + 2}${place[2]}`);

    const own = await loadWrong({ 'stagelight.yaml': `secrets: { rules: [${rule}] }` });
    expect(own.message).toContain(`stagelight.yaml:1:${Number(place[1]) + 19}${place[2]}`);
  });

  test('a file without rules', async () => {
    const error = await loadWrong({
      'stagelight.yaml': 'secrets: { rules_file: rules.yaml }\n',
      'rules.yaml': 'other: 1',
    });

    expect(error.message).toContain('rules.yaml:1:1: secrets.rules_file: expected a list of rules');
  });
});
