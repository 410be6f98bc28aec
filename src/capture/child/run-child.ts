import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { openPipes } from './fifo.ts';
import { findInheritedFds } from './inherited-fds.ts';
import { loadPty } from './pty.ts';
import type { Pty, TerminalSize } from './pty.ts';
import { relaySignals } from './signals.ts';
import { planStreams } from './stream-plan.ts';
import type { StreamName, StreamPlan } from './stream-plan.ts';
import { StreamTap } from './stream-tap.ts';

export interface RunChildOptions {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** A folder that FIFOs can be made in. */
  readonly scratchDir: string;
  /** `false`: pipes even where a terminal is. */
  readonly usePty: boolean;
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

/** What became of the output after the command's end. */
export interface OutputEnd {
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
  const outputs = openOutputs(options);
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
  const outputEnd = await waitForOutput(taps);
  stopResizing();
  stopRelaying();
  return { ...end, ...outputEnd };
}

interface Output {
  readonly plan: StreamPlan;
  readonly readFd: number;
  readonly writeFd: number;
  readonly pty: Pty | undefined;
}

function openOutputs({ scratchDir, usePty }: RunChildOptions): Output[] {
  const open = usePty && (isatty(1) || isatty(2)) ? loadPty() : undefined;
  const plans = planStreams({ canUsePty: open !== undefined });
  const pipeNames = plans.filter(({ through }) => through === 'pipe').map(({ name }) => name);
  const pipes = pipeNames.length === 0 ? [] : openPipes(scratchDir, pipeNames);
  return plans.map((plan) => {
    if (plan.through === 'pipe') return { plan, ...pipes.shift()!, pty: undefined };
    const pty = open!(readSize());
    return { plan, readFd: pty.masterFd, writeFd: pty.slaveFd, pty };
  });
}

function spawnChild(
  { command, env }: RunChildOptions,
  how: { outputs: readonly Output[]; detached: boolean },
): ChildProcess {
  const [program, ...args] = command;
  const [first, second = first] = how.outputs.map(({ writeFd }) => writeFd);
  const stdio: ('inherit' | number | undefined)[] = ['inherit', first!, second!];
  for (const fd of findInheritedFds(command, env)) stdio[fd] = fd;
  const child = spawn(program, args, {
    env: { ...env, ...toStreamVariables(first!, second!) },
    detached: how.detached,
    stdio: Array.from(stdio, (each) => each ?? 'ignore'),
  });
  // The command's ends of the pipes are its own now: they have to close when it closes them.
  for (const { pty, writeFd } of how.outputs) if (pty === undefined) closeSync(writeFd);
  return child;
}

/** What tells a process inside the command whether it prints here, or into a pipe or file of somebody else's. */
function toStreamVariables(stdout: number, stderr: number): NodeJS.ProcessEnv {
  const [out, err] = [stdout, stderr].map((fd) => {
    const { dev, ino } = fstatSync(fd, { bigint: true });
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

async function waitForOutput(taps: readonly StreamTap[]): Promise<OutputEnd> {
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
  return { isHeldOpen };
}

function readSize(): TerminalSize {
  const stream = process.stdout.isTTY ? process.stdout : process.stderr;
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}

/** Keeps the pseudo terminals the size of the real one. */
function followSize(outputs: readonly Output[], child: ChildProcess): () => void {
  const ptys = outputs.map(({ pty }) => pty).filter((pty) => pty !== undefined);
  if (ptys.length === 0) return () => {};
  const stream = process.stdout.isTTY ? process.stdout : process.stderr;
  const onResize = (): void => {
    for (const pty of ptys) pty.resize(readSize());
    // The command got the signal from the real terminal, perhaps before this: it looks once more.
    child.kill('SIGWINCH');
  };
  stream.on('resize', onResize);
  return () => void stream.off('resize', onResize);
}
