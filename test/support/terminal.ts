import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { findDescendants } from '../../src/capture/child/descendants.ts';
import { CLI, createEnv } from './cli.ts';
import { isAlive } from './is-alive.ts';
import { waitFor } from './wait.ts';

/** A real terminal (tmux) with a shell in it, in which `stagelight` is the built one. */
export interface Terminal {
  /** Types a line and presses Enter. */
  type(line: string): Promise<void>;
  /** Presses keys by tmux's names, such as `C-c`. */
  press(...keys: string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** What the screen shows, and what has scrolled off it. */
  read(): Promise<string>;
  /** Waits until the screen shows something. */
  waitForText(text: string | RegExp): Promise<void>;
}

let count = 0;

/** Opens a terminal in a folder; it is closed when the test has ended. */
export async function openTerminal(
  cwd: string,
  size = { columns: 100, rows: 40 },
): Promise<Terminal> {
  const socket = `stagelight-${process.pid}-${(count += 1)}`;
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout } = await execa('tmux', ['-L', socket, '-f', '/dev/null', ...args], {
      extendEnv: false,
      env: createEnv({ TERM: 'xterm-256color', PS1: '$ ', LANG: 'C.UTF-8' }),
    });
    return stdout;
  };
  const { columns, rows } = size;
  await tmux(
    'new-session',
    '-d',
    '-x',
    String(columns),
    '-y',
    String(rows),
    '-c',
    cwd,
    'bash',
    '--norc',
    '--noprofile',
  );
  // A program that the terminal hangs up on still writes its end: the folder that it writes into goes only after it.
  onTestFinished(async () => {
    const shell = Number(await tmux('display-message', '-p', '#{pane_pid}'));
    const inside = findDescendants(shell).map(({ pid }) => pid);
    await tmux('kill-server');
    await waitFor(() => !inside.some(isAlive));
  });
  // Where something longer stood before, a line ends with the spaces that it was cleared with.
  const read = async (): Promise<string> =>
    (await tmux('capture-pane', '-p', '-J', '-S', '-')).replaceAll(/ +$/gm, '');
  const terminal: Terminal = {
    type: async (line) => {
      await tmux('send-keys', '-l', line);
      await tmux('send-keys', 'Enter');
    },
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    resize: async (width, height) =>
      void (await tmux('resize-window', '-x', String(width), '-y', String(height))),
    read,
    waitForText: (text) =>
      waitFor(async () => {
        const shown = await read();
        return typeof text === 'string' ? shown.includes(text) : text.test(shown);
      }).catch(async (error: Error) => {
        throw new Error(`${error.message}: the screen shows\n${await read()}`);
      }),
  };
  await terminal.type(`stagelight() { ${process.execPath} ${CLI} "$@"; }; PS1='$ '; clear`);
  await waitFor(async () => (await read()).trim() === '$');
  return terminal;
}
