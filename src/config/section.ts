import type * as v from 'valibot';
import type { Mistake, MistakeList } from './config-error.ts';
import type { ConfigNode, MapNode, ScalarNode } from './tree/node.ts';
import type { Surroundings } from './interpolation/resolvers.ts';
import type { SourceText } from './tree/source-text.ts';

/** A top-level key of the configuration with keys of its own. To add one: a file in `sections/`, and a line in `sections.ts`. */
export interface Section {
  /** A `mapping`. What isn't optional needs a default in `defaults.ts`. */
  readonly schema: v.GenericSchema;
  /** Keys that name a file whose content counts as if it stood in the section. */
  readonly includes?: readonly Include[];
  /** Looks at the section as it is written, before interpolations are resolved, for what the schema can't see. */
  readonly check?: (written: ConfigNode) => readonly Mistake[];
  /** Keys below which a `${` is no interpolation. */
  readonly literals?: readonly string[];
}

/** Loads what one key of a section names. */
export interface Include {
  readonly key: string;
  /**
   * Gives settings of the section. What the section says beside the key comes before them; lists are joined.
   * @throws {ConfigError}
   */
  load(named: ScalarNode, context: IncludeContext): MapNode;
}

export interface IncludeContext {
  /** The key with its section, for messages. */
  readonly key: string;
  readonly surroundings: Surroundings;
  /** Mistakes beside which the others can still be found. */
  readonly mistakes: MistakeList;
  /**
   * Parses a file that a setting names: from the folder of the file that it is set in, or from the working directory.
   * @throws {ConfigError}
   */
  readonly readYaml: (
    path: string,
    options: { readonly isForeign: boolean },
  ) => { readonly source: SourceText; readonly root: ConfigNode };
}
