import type { Command } from './command.ts';

export interface RegisteredCommand {
  readonly name: string;
  readonly summary: string;
  /** Commands load when they are called: a wrapper has to start fast. */
  load(): Promise<Command>;
}

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly RegisteredCommand[] = [
  {
    name: 'run',
    summary: 'run a command and record it as one trace',
    load: async () => (await import('./run.ts')).run,
  },
];
