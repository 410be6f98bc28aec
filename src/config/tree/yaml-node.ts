import { Composer, Lexer, Parser, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, ParsedNode, YAMLMap } from 'yaml';
import { ConfigError } from '../config-error.ts';
import type { ConfigErrorCode, Mistake } from '../config-error.ts';
import type { ConfigNode, MapEntry, ScalarNode } from './node.ts';
import type { Origin } from './origin.ts';

/** Nesting beyond it is no configuration. `yaml` composes by recursion and at some 10,000 levels takes the process down. */
const MAX_DEPTH = 100;
/** As `yaml` reports every faulty token, a megabyte of `]` would take seconds. */
const MAX_LEXEME_COUNT = 100_000;
/** What a document may unfold to through its aliases. */
const MAX_NODE_COUNT = 50_000;

/** Gives the origin of a range of the text, in UTF-16 units. */
export type ToOrigin = (start: number, end: number) => Origin;

export interface YamlOptions {
  readonly toOrigin: ToOrigin;
  /** The setting that the text is the value of. */
  readonly key?: string;
  /** Somebody else's file: custom tags are no mistake. @default false */
  readonly isForeign?: boolean;
}

/**
 * Parses a text of one YAML document into a node. Keys are strings, and an empty text is `null`.
 * @throws {ConfigError} with all mistakes of syntax
 */
export function parseYaml(text: string, options: YamlOptions): ConfigNode {
  const document = compose(text, options);
  const faults = [...document.errors, ...(options.isForeign ? [] : document.warnings)];
  const mistakes = onePerLine(text, faults).map(({ pos: [start, end], code, message }) => ({
    code: 'syntax' as const,
    origin: options.toOrigin(start, end),
    key: options.key,
    text: message,
    hint: HINTS[code],
  }));
  const [first, ...rest] = mistakes;
  if (first !== undefined) throw new ConfigError([first, ...rest]);
  return new NodeBuilder(options).build(document.contents);
}

interface Fault {
  readonly pos: readonly [number, number];
  readonly code: string;
  readonly message: string;
}

/** What `yaml` says of all lines behind one that has ended the document too early. */
const LEFT_OVER = 'in YAML stream';

/** Only the first mistake of a line, and none that just follows from an earlier one. */
function onePerLine(text: string, faults: readonly Fault[]): Fault[] {
  const seen = new Set<number>();
  return faults
    .toSorted((a, b) => a.pos[0] - b.pos[0] || toRank(a) - toRank(b))
    .filter(({ pos, message }, index) => {
      const lineStart = text.lastIndexOf('\n', pos[0] - 1);
      const isNew = !seen.has(lineStart);
      seen.add(lineStart);
      return isNew && (index === 0 || !message.includes(LEFT_OVER));
    });
}

/** Of two at one place, the cause comes before what it leads to. */
function toRank({ code }: Fault): number {
  return code === 'BAD_SCALAR_START' ? 0 : 1;
}

const QUOTES = 'put the text in quotes';
const HINTS: Readonly<Record<string, string | undefined>> = {
  BAD_SCALAR_START: QUOTES,
  BAD_DIRECTIVE: QUOTES,
  UNEXPECTED_TOKEN: QUOTES,
  BLOCK_AS_IMPLICIT_KEY: QUOTES,
  TAB_AS_INDENT: 'indent with spaces',
};

/** What `parseDocument` does, stopping at what is too deep or too long. */
function compose(text: string, { toOrigin, key }: YamlOptions): Document.Parsed {
  const refuse = (what: string, place: number): never => {
    throw createError({ code: 'syntax', origin: toOrigin(place, place + 1), key, text: what });
  };
  const parser = new Parser();
  const composer = new Composer({
    prettyErrors: false,
    logLevel: 'silent',
    stringKeys: true,
    // Checked by the builder: here it takes quadratic time.
    uniqueKeys: false,
  });
  const documents: Document.Parsed[] = [];
  let lexemeCount = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (parser.stack.length > MAX_DEPTH) refuse('nested too deeply', parser.offset);
    if (++lexemeCount > MAX_LEXEME_COUNT) refuse('too long for a configuration', parser.offset);
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end(true, text.length));
  const [document, second] = documents;
  if (second !== undefined) refuse('expected one YAML document, got several', second.range[0]);
  return document!;
}

function createError(mistake: Mistake & { readonly code: ConfigErrorCode }): ConfigError {
  return new ConfigError([mistake]);
}

/** A node, and how many it unfolds to. */
interface Sized {
  readonly node: ConfigNode;
  readonly size: number;
}

/** Turns `yaml`'s nodes into ours. Aliases share the node of their anchor, so they cost nothing until they are walked. */
class NodeBuilder {
  readonly #options: YamlOptions;
  readonly #anchors = new Map<string, Sized>();
  readonly #mistakes: Mistake[] = [];

  constructor(options: YamlOptions) {
    this.#options = options;
  }

  build(contents: ParsedNode | null): ConfigNode {
    const { node } = this.#toSized(contents, 0);
    const [first, ...rest] = this.#mistakes;
    if (first !== undefined) throw new ConfigError([first, ...rest]);
    return node;
  }

  #toSized(node: unknown, place: number): Sized {
    if (isAlias(node)) return this.#anchors.get(node.source) ?? this.#unknownAlias(node);
    const sized = this.#toOwn(node, place);
    if (sized.size > MAX_NODE_COUNT) {
      throw createError({
        code: 'syntax',
        origin: sized.node.origin,
        key: this.#options.key,
        text: `unfolds to more than ${MAX_NODE_COUNT} values through its aliases`,
      });
    }
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, sized);
    return sized;
  }

  #toOwn(node: unknown, place: number): Sized {
    if (isMap(node)) return this.#toMap(node);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#toSized(item, toRange(node)[0]));
      return {
        node: { kind: 'list', items: items.map((item) => item.node), origin: this.#origin(node) },
        size: sum(items),
      };
    }
    const value = isScalar(node) ? toScalar(node.value) : null;
    const origin = isScalar(node) ? this.#origin(node) : this.#options.toOrigin(place, place);
    return { node: { kind: 'scalar', value, origin }, size: 1 };
  }

  #toMap(map: YAMLMap): Sized {
    const entries = new Map<string, MapEntry>();
    const merged: Sized[] = [];
    const items: Sized[] = [];
    for (const pair of map.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const keyOrigin = this.#origin(pair.key);
      const value = this.#toSized(pair.value, toRange(pair.key)[1]);
      items.push(value);
      if (key === '<<') merged.push(value);
      else if (entries.has(key))
        this.#mistake(keyOrigin, `the key ${JSON.stringify(key)} is there twice`);
      else entries.set(key, { keyOrigin, node: value.node });
    }
    for (const { node } of merged) addMerged(entries, node);
    return { node: { kind: 'map', entries, origin: this.#origin(map) }, size: sum(items) };
  }

  #unknownAlias(alias: { source: string }): Sized {
    const origin = this.#origin(alias);
    this.#mistake(origin, `there is no anchor &${alias.source} before this alias`);
    return { node: { kind: 'scalar', value: null, origin }, size: 1 };
  }

  #mistake(origin: Origin, text: string): void {
    this.#mistakes.push({ code: 'syntax', origin, key: this.#options.key, text });
  }

  #origin(node: unknown): Origin {
    return this.#options.toOrigin(...toRange(node));
  }
}

/** YAML 1.1's merge key, which PyYAML and so Hydra knows: what a mapping itself says comes first. */
function addMerged(entries: Map<string, MapEntry>, node: ConfigNode): void {
  if (node.kind === 'list') for (const item of node.items) addMerged(entries, item);
  if (node.kind !== 'map') return;
  for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry);
}

function toRange(node: unknown): [start: number, end: number] {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range;
  return [range?.[0] ?? 0, range?.[1] ?? 0];
}

function toScalar(value: unknown): ScalarNode['value'] {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  return String(value);
}

function sum(items: readonly Sized[]): number {
  return items.reduce((total, { size }) => total + size, 1);
}
