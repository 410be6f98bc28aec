import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The two ends of a pipe. */
export interface Pipe {
  /** Non-blocking. */
  readonly readFd: number;
  readonly writeFd: number;
}

/**
 * Makes pipes. Node's own `'pipe'` stdio is a pair of sockets, which a command can't open by `/dev/stdout`; a FIFO that
 * is unlinked once both ends are open is a pipe like the shell's.
 * @throws when the system makes no FIFO in `folder`.
 */
export function openPipes(folder: string, names: readonly string[]): Pipe[] {
  const paths = names.map((name) => join(folder, `.${name}.${process.pid}`));
  const { status, error, stderr } = spawnSync('mkfifo', ['-m', '600', ...paths], {
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`can't make a FIFO in ${folder}: ${error?.message ?? stderr.trim()}`);
  try {
    return paths.map((path) => {
      const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return { readFd, writeFd: openSync(path, constants.O_WRONLY) };
      } catch (cause) {
        closeSync(readFd);
        throw cause;
      }
    });
  } finally {
    for (const path of paths) unlinkSync(path);
  }
}
