#!/usr/bin/env node
import { main } from './cli.ts';

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
void main(process.argv.slice(2), io).then((status) => {
  if (typeof status === 'string') dieBy(status);
  else process.exitCode = status;
});

/** Ends this process by a signal, so that whoever waits for it sees what became of the command. */
function dieBy(signal: NodeJS.Signals): void {
  // Node ignores some signals (SIGPIPE); taking a listener away again makes them end the process.
  if (signal !== 'SIGKILL') process.on(signal, ignore).off(signal, ignore);
  process.kill(process.pid, signal);
}

function ignore(): void {}
