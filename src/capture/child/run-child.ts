import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { findInheritedFds } from './inherited-fds.ts';
import { followSize, openOutputs } from './outputs.ts';
import type { Output, OutputsOptions } from './outputs.ts';
import { relaySignals } from './signals.ts';
import type { StreamName } from './stream-plan.ts';
import { StreamTap } from './stream-tap.ts';

export interface RunChildOptions extends OutputsOptions {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Called with all that the command prints, in order, before it is passed on. The bytes are valid during the call. */
  readonly onChunk: (stream: StreamName, bytes: Buffer) => void;
  readonly onStart: (pid: number) => void;
  /** Called when the command has ended; output may still follow. */
  readonly onExit: (end: ChildEnd) => void;
}

/** How the command ended: with a code, by a signal, or not at all because it couldn't start (`error`, and the shell's code for it). */
export interface ChildEnd {
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  readonly error?: string;
  /** The last signal that we were sent meanwhile. */
  readonly received?: NodeJS.Signals;
}

/** What became of the output. */
export interface OutputEnd {
  /** Why it couldn't be caught, and was the command's own affair. */
  readonly fault?: string;
  /** Whether a background process still had it open when the waiting ended. */
  readonly isHeldOpen: boolean;
}

/** A process that the command left behind may hold its output open; longer than this nobody waits for it. */
const HELD_OPEN_MS = 2000;

/**
 * Runs a command as if we weren't there: its output passes through byte for byte, what was a terminal stays one, signals
 * reach it once, and `stdin` is its own.
 */
export async function runChild(options: RunChildOptions): Promise<ChildEnd & OutputEnd> {
  const sharesGroup = isatty(0);
  const { outputs, fault } = openOutputs(options);
  const child = spawnChild(options, { outputs, detached: !sharesGroup });
  const taps = openTaps(outputs, options);
  let received: NodeJS.Signals | undefined;
  const stopRelaying =
    child.pid === undefined
      ? () => {}
      : relaySignals({ pid: child.pid, sharesGroup, onSignal: (signal) => (received = signal) });
  const stopResizing = followSize(outputs, child);
  if (child.pid !== undefined) options.onStart(child.pid);
  const end = {
    ...(await waitForExit(child, options.command[0])),
    ...(received !== undefined && { received }),
  };
  options.onExit(end);
  const isHeldOpen = await waitForOutput(taps);
  stopResizing();
  stopRelaying();
  return { ...end, isHeldOpen, ...(fault !== undefined && { fault }) };
}

function spawnChild(
  { command, env }: RunChildOptions,
  how: { outputs: readonly Output[]; detached: boolean },
): ChildProcess {
  const [program, ...args] = command;
  const [first = 'inherit', second = first] = how.outputs.map(({ writeFd }) => writeFd);
  const stdio: ('inherit' | number | undefined)[] = ['inherit', first, second];
  for (const fd of findInheritedFds(command, env)) stdio[fd] = fd;
  const child = spawn(program, args, {
    env: { ...env, ...toStreamVariables(how.outputs) },
    detached: how.detached,
    stdio: Array.from(stdio, (each) => each ?? 'ignore'),
  });
  // The command's ends of the pipes are its own now: they have to close when it closes them.
  for (const { pty, writeFd } of how.outputs) if (pty === undefined) closeSync(writeFd);
  return child;
}

/** What tells a process inside the command whether it prints here, or into a pipe or file of somebody else's. */
function toStreamVariables(outputs: readonly Output[]): NodeJS.ProcessEnv {
  if (outputs.length === 0) return {};
  const [out, err = out] = outputs.map(({ writeFd }) => {
    const { dev, ino } = fstatSync(writeFd, { bigint: true });
    return `${dev}:${ino}`;
  });
  return { STAGELIGHT_STDOUT: out, STAGELIGHT_STDERR: err };
}

function openTaps(outputs: readonly Output[], { onChunk }: RunChildOptions): StreamTap[] {
  const taps: StreamTap[] = [];
  const onTapChunk = (tap: StreamTap, bytes: Buffer): void => {
    // What the other stream holds was written before, as far as anyone can tell: it comes first.
    for (const other of taps) if (other !== tap && !isDraining) drainOther(other);
    onChunk(tap.name, bytes);
  };
  let isDraining = false;
  const drainOther = (other: StreamTap): void => {
    isDraining = true;
    other.drain();
    isDraining = false;
  };
  for (const { plan, readFd, pty } of outputs) {
    const output = plan.fd === 1 ? process.stdout : process.stderr;
    const slave = pty === undefined ? {} : { slaveFd: pty.slaveFd };
    taps.push(
      new StreamTap({ name: plan.name, fd: readFd, ...slave, output, onChunk: onTapChunk }),
    );
  }
  return taps;
}

function waitForExit(child: ChildProcess, program: string): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? { code: code ?? 0 } : { signal });
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      // The shell's codes: 127 not found, 126 found and not executable.
      const isMissing = error.code === 'ENOENT';
      const why = isMissing
        ? 'command not found'
        : error.code === 'EACCES'
          ? 'permission denied'
          : error.message;
      resolve({ code: isMissing ? 127 : 126, error: `${program}: ${why}` });
    });
  });
}

/** Waits until the output has ended. Gives whether a background process still held it open when the waiting ended. */
async function waitForOutput(taps: readonly StreamTap[]): Promise<boolean> {
  for (const tap of taps) tap.markEnd();
  const allEnded = Promise.all(taps.map((tap) => tap.ended));
  const timeout = new AbortController();
  const isHeldOpen = await Promise.race([
    allEnded.then(() => false),
    sleep(HELD_OPEN_MS, true, { signal: timeout.signal }).catch(() => true),
  ]);
  timeout.abort();
  for (const tap of taps) tap.stop();
  await allEnded;
  return isHeldOpen;
}
