import { ConfigError } from '../config-error.ts';
import type { Mistake } from '../config-error.ts';
import { hasInterpolation, parseInterpolations } from './syntax.ts';
import type { Piece } from './syntax.ts';
import { createMap, formatPath, getEntry } from '../tree/node.ts';
import type { ConfigNode, NodePath, ScalarNode } from '../tree/node.ts';
import { callResolver } from './resolvers.ts';
import type { Surroundings } from './resolvers.ts';

/** What one text may grow to. */
const MAX_TEXT_LENGTH = 64 * 1024;
/** `a: ${b}${b}`, `b: ${c}${c}`, … doubles with every line. */
const MAX_STEP_COUNT = 100_000;
/** A longer chain of references would be followed down to the end of the stack. */
const MAX_CHAIN_LENGTH = 50;

/** A node, and the way to it from the root. */
interface Located {
  readonly node: ConfigNode;
  readonly path: NodePath;
}

/**
 * Resolves `${oc.env:NAME,default}`, `${now:%Y-%m-%d}`, `${key.path}` and the relative `${.key}` in the nodes of one
 * tree. What nobody asks for is left alone, resolvable or not.
 */
export class Interpolator {
  readonly #root: ConfigNode;
  readonly #surroundings: Surroundings;
  /** Keys that are left out of absolute references, as the file's own package is in Hydra. */
  readonly #prefix: string | undefined;
  /** The references that are being followed. */
  readonly #chain: string[] = [];
  #stepsLeft = MAX_STEP_COUNT;

  constructor(root: ConfigNode, surroundings: Surroundings, options: { prefix?: string } = {}) {
    this.#root = root;
    this.#surroundings = surroundings;
    this.#prefix = options.prefix;
  }

  /**
   * The node without interpolations. What comes from elsewhere keeps the place where it is asked for as its origin.
   * @throws {ConfigError} when one can't be resolved
   */
  resolve(node: ConfigNode, path: NodePath): ConfigNode {
    if (--this.#stepsLeft < 0) {
      throw new ConfigError([
        toMistake({ node, path }, { text: 'leads to too many interpolations', hint: undefined }),
      ]);
    }
    if (node.kind === 'list') {
      return {
        ...node,
        items: node.items.map((item, index) => this.resolve(item, [...path, index])),
      };
    }
    if (node.kind === 'map') {
      const entries = [...node.entries].map(
        ([key, entry]) =>
          [key, { ...entry, node: this.resolve(entry.node, [...path, key]) }] as const,
      );
      return createMap(entries, node.origin);
    }
    if (typeof node.value !== 'string' || !hasInterpolation(node.value)) return node;
    return this.#resolveText({ node, path });
  }

  #resolveText({ node, path }: { node: ScalarNode; path: NodePath }): ConfigNode {
    const fail = (text: string, hint?: string): never => {
      throw new ConfigError([toMistake({ node, path }, { text, hint })]);
    };
    const parsed = parseInterpolations(String(node.value));
    if (parsed.status === 'failed') return fail(parsed.reason);
    return this.#joinPieces(parsed.pieces, { path, fail, node });
  }

  /** A single interpolation keeps its type, several pieces become a text. */
  #joinPieces(pieces: readonly Piece[], asked: Asked): ConfigNode {
    const used = pieces.filter((piece) => piece !== '');
    const [only] = used;
    if (used.length === 1 && typeof only === 'object') return this.#evaluate(only.inner, asked);
    let text = '';
    for (const piece of used) {
      text +=
        typeof piece === 'string' ? piece : this.#toText(this.#evaluate(piece.inner, asked), asked);
      if (text.length > MAX_TEXT_LENGTH) asked.fail('grows too long by its interpolations');
    }
    return { kind: 'scalar', value: text, origin: asked.node.origin };
  }

  #toText(node: ConfigNode, asked: Asked): string {
    if (node.kind !== 'scalar') return asked.fail(`a ${node.kind} can't be a part of a text`);
    return String(node.value);
  }

  #evaluate(inner: readonly Piece[], asked: Asked): ConfigNode {
    const text = this.#toText(this.#joinPieces(inner, asked), asked);
    const call = /^\s*([\w.]+)\s*:([^]*)$/.exec(text);
    if (call === null) return this.#follow(text.trim(), asked);
    const resolved = callResolver({ name: call[1]!, argument: call[2]! }, this.#surroundings);
    if (resolved.status === 'failed') return asked.fail(resolved.reason, resolved.hint);
    return { kind: 'scalar', value: resolved.value, origin: asked.node.origin };
  }

  #follow(reference: string, asked: Asked): ConfigNode {
    const target = parseReference(reference, asked.path);
    if (target === undefined) {
      return asked.fail(`expected a key or a resolver in \${${reference}}`);
    }
    const name = formatPath(target);
    if (this.#chain.includes(name)) {
      return asked.fail(`refers to itself: ${[...this.#chain, name].join(' -> ')}`);
    }
    if (this.#chain.length >= MAX_CHAIN_LENGTH)
      return asked.fail('leads through too many references');
    this.#chain.push(name);
    try {
      const found = this.#find(target) ?? asked.fail(`there is no ${name} for \${${reference}}`);
      return { ...this.resolve(found.node, found.path), origin: asked.node.origin };
    } finally {
      this.#chain.pop();
    }
  }

  #find(target: NodePath): Located | undefined {
    const found = this.#descend(target);
    if (found !== undefined || target[0] !== this.#prefix) return found;
    return this.#descend(target.slice(1));
  }

  /** Goes down a path; a mapping on the way may itself stand as an interpolation. */
  #descend(target: NodePath): Located | undefined {
    let found: Located | undefined = { node: this.#root, path: [] };
    for (const part of target) {
      const { node, path }: Located = found;
      const step = getEntry(node.kind === 'scalar' ? this.resolve(node, path) : node, part);
      if (step === undefined) return undefined;
      found = { node: step.node, path: [...path, part] };
    }
    return found;
  }
}

/** What is being resolved, for whom. */
interface Asked {
  readonly node: ScalarNode;
  readonly path: NodePath;
  readonly fail: (text: string, hint?: string) => never;
}

function toMistake(
  { node, path }: Located,
  { text, hint }: { text: string; hint: string | undefined },
): Mistake {
  return { code: 'interpolation', origin: node.origin, key: formatPath(path), text, hint };
}

/** `a.b[0]` from the root, `.a` beside the place at `path`, `..a` one mapping further up. */
function parseReference(reference: string, path: NodePath): NodePath | undefined {
  const match = /^(\.*)([\w-]+(?:\.[\w-]+|\[\w+\])*)$/.exec(reference);
  if (match === null) return undefined;
  const [, dots, keys] = match;
  const parts = keys!.split(/[.[\]]+/).filter((part) => part !== '');
  if (dots === '') return parts;
  return dots!.length > path.length ? undefined : [...path.slice(0, -dots!.length), ...parts];
}
