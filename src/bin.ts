#!/usr/bin/env node
import { main } from './cli.ts';

const { stdout, stderr, env } = process;
const status = await main(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() });
if (typeof status === 'string') dieBy(status);
else process.exitCode = status;

/** Ends this process by a signal, so that whoever waits for it sees what became of the command. */
function dieBy(signal: NodeJS.Signals): void {
  // Node ignores some signals (SIGPIPE); taking a listener away again makes them end the process.
  if (signal !== 'SIGKILL') process.on(signal, ignore).off(signal, ignore);
  process.kill(process.pid, signal);
}

function ignore(): void {}
