#!/usr/bin/env node
import type { ExitStatus } from './command/command.ts';
import { keepCompiledCode } from './compiled-code.ts';

keepCompiledCode(import.meta.dirname, process.env);
const { stdout, stderr, env } = process;
const io = {
  stdout,
  stderr,
  env,
  cwd: process.cwd(),
  // Opened when it is asked for: a command that is run gets it as it is.
  get stdin() {
    return process.stdin;
  },
};
void run().then((status) => {
  if (typeof status === 'string') dieBy(status);
  else process.exitCode = status;
});

async function run(): Promise<ExitStatus> {
  const { main } = await import('./cli.ts');
  return main(process.argv.slice(2), io);
}

/** Ends this process by a signal, so that whoever waits for it sees what became of the command. */
function dieBy(signal: NodeJS.Signals): void {
  // Node ignores some signals (SIGPIPE); taking a listener away again makes them end the process.
  if (signal !== 'SIGKILL') process.on(signal, ignore).off(signal, ignore);
  process.kill(process.pid, signal);
}

function ignore(): void {}
