import type { Command as CommanderCommand } from 'commander';

/** What a command may touch of the process, so that it can be called like a function. */
export interface CommandIo {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Where somebody answers questions; nobody does when it is left out. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** How the process ends: with a code, or by a signal, as the command that was run did. */
export type ExitStatus = number | NodeJS.Signals;

/** One of `stagelight`'s commands. To add one: a file like this one's neighbours, and a line in `registry.ts`. */
export interface Command {
  /** Declares arguments and options. */
  configure(program: CommanderCommand): void;
  run(invocation: Invocation): Promise<ExitStatus>;
}

export interface Invocation {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly io: CommandIo;
}

/** A mistake in how a command was called, or something that it was given and that isn't there: told without a stack. */
export class UsageError extends Error {
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}
