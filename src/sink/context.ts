import type { Config } from '../config/sections.ts';

/** What destinations are made of. Can be handed to a thread. */
export interface DestinationContext {
  readonly config: Config;
  /** The environment of this process, or thread. */
  readonly env: NodeJS.ProcessEnv;
  /** What relative paths in the configuration are relative to: its file's folder, else the working directory. */
  readonly folder: string;
}
