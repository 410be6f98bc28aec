import type { Command } from './command.ts';

export interface RegisteredCommand {
  readonly name: string;
  readonly summary: string;
  /** Left out of help: called by stagelight itself. */
  readonly isHidden?: boolean;
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
  {
    name: 'stage',
    summary: 'record a command as one stage, in a Makefile or a script',
    load: async () => (await import('./stage.ts')).stage,
  },
  {
    name: 'ls',
    summary: 'list the runs',
    load: async () => (await import('./ls.ts')).ls,
  },
  {
    name: 'show',
    summary: 'show the stages, studies and trials of a run',
    load: async () => (await import('./show.ts')).show,
  },
  {
    name: 'logs',
    summary: 'print the records of a run',
    load: async () => (await import('./logs.ts')).logs,
  },
  {
    name: 'diff',
    summary: 'compare two runs',
    load: async () => (await import('./diff.ts')).diff,
  },
  {
    name: 'push',
    summary: 'send what is still to send, or a run again',
    load: async () => (await import('./push.ts')).push,
  },
  {
    name: 'verify',
    summary: 'ask the backends what has arrived of a run',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'doctor',
    summary: 'show the configuration, the tools, and whether destinations answer',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'init',
    summary: 'look at a project and write the configuration that suits it',
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'adopt',
    summary: 'make an experiment of dvc queue a run of its own',
    isHidden: true,
    load: async () => (await import('./adopt.ts')).adopt,
  },
  {
    name: 'capture',
    summary: 'catch what a command of DVC prints into a file',
    isHidden: true,
    load: async () => (await import('./capture.ts')).capture,
  },
  {
    name: 'sink',
    summary: 'take runs in over OTLP and write them to MLflow: a service',
    load: async () => (await import('./sink.ts')).sink,
  },
  {
    name: 'record',
    summary: 'write a run that the TypeScript API has begun',
    isHidden: true,
    load: async () => (await import('./record.ts')).record,
  },
];
