import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { openPipes } from './fifo.ts';
import { loadPty } from './pty.ts';
import type { OpenPty, Pty, TerminalSize } from './pty.ts';
import { planStreams } from './stream-plan.ts';
import type { StreamPlan } from './stream-plan.ts';

/** One of the command's streams, and what it is caught through. */
export interface Output {
  readonly plan: StreamPlan;
  readonly readFd: number;
  readonly writeFd: number;
  readonly pty: Pty | undefined;
}

export interface OutputsOptions {
  /** Folders that FIFOs can be made in, the best first; without any the output isn't caught. */
  readonly scratchDirs: readonly string[];
  /** `false`: pipes even where a terminal is. */
  readonly usePty: boolean;
}

/**
 * Opens what the command's output is caught through. Where the system has nothing for it (a full disk, no terminals
 * left), there are no outputs: the command then has our own streams, and `fault` says why.
 */
export function openOutputs(options: OutputsOptions): { outputs: Output[]; fault?: string } {
  const openPty = options.usePty && (isatty(1) || isatty(2)) ? loadPty() : undefined;
  const ways = options.scratchDirs.map((folder) => ({ folder, openPty }));
  // The last resort on a terminal is a pipe.
  if (openPty !== undefined)
    ways.push(...ways.map(({ folder }) => ({ folder, openPty: undefined })));
  let fault: string | undefined;
  for (const way of ways) {
    try {
      return { outputs: openAll(way) };
    } catch (error) {
      fault ??= (error as Error).message;
    }
  }
  return { outputs: [], ...(fault !== undefined && { fault }) };
}

function openAll({ folder, openPty }: { folder: string; openPty: OpenPty | undefined }): Output[] {
  const plans = planStreams({ canUsePty: openPty !== undefined });
  const pipeNames = plans.filter(({ through }) => through === 'pipe').map(({ name }) => name);
  const pipes = pipeNames.length === 0 ? [] : openPipes(folder, pipeNames);
  const outputs: Output[] = [];
  try {
    for (const plan of plans) {
      const pty = plan.through === 'pty' ? openPty!(readSize()) : undefined;
      const ends =
        pty === undefined ? pipes.shift()! : { readFd: pty.masterFd, writeFd: pty.slaveFd };
      outputs.push({ plan, ...ends, pty });
    }
    return outputs;
  } catch (error) {
    for (const { readFd, writeFd } of [...outputs, ...pipes]) {
      closeSync(readFd);
      closeSync(writeFd);
    }
    throw error;
  }
}

function readSize(): TerminalSize {
  const stream = process.stdout.isTTY ? process.stdout : process.stderr;
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}

/** Keeps the pseudo terminals the size of the real one. Gives what ends that. */
export function followSize(outputs: readonly Output[], child: ChildProcess): () => void {
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
