import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/** A stream of this process's that goes to a file or nowhere: what it passes on comes by on no console. */
export function findStreamsApart(): ('stdout' | 'stderr')[] {
  return (
    [
      ['stdout', 1],
      ['stderr', 2],
    ] as const
  )
    .filter(([, fd]) => isApart(fd))
    .map(([name]) => name);
}

function isApart(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && !isatty(fd));
  } catch {
    return true; // closed
  }
}
