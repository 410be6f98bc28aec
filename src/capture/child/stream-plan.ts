import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

export type StreamName = 'stdout' | 'stderr' | 'both';

/** How one of the command's streams is caught. */
export interface StreamPlan {
  readonly name: StreamName;
  /** A terminal stays one for the command; everything else becomes a pipe. */
  readonly through: 'pty' | 'pipe';
  /** Our own descriptor, which its bytes are passed on to. */
  readonly fd: 1 | 2;
}

/**
 * How the command's stdout and stderr are caught. They are kept apart, but for one case: where both are the very same
 * file or pipe (`> log 2>&1`), they share a pipe, since nothing else keeps the order in which they are written.
 */
export function planStreams(options: { readonly canUsePty: boolean }): StreamPlan[] {
  const through = (fd: number): 'pty' | 'pipe' =>
    options.canUsePty && isatty(fd) ? 'pty' : 'pipe';
  if (!isatty(1) && !isatty(2) && isSameFile(1, 2))
    return [{ name: 'both', through: 'pipe', fd: 1 }];
  return [
    { name: 'stdout', through: through(1), fd: 1 },
    { name: 'stderr', through: through(2), fd: 2 },
  ];
}

function isSameFile(a: number, b: number): boolean {
  try {
    const [first, second] = [fstatSync(a, { bigint: true }), fstatSync(b, { bigint: true })];
    // /dev/null is the same for everyone and keeps no order.
    return first.dev === second.dev && first.ino === second.ino && !first.isCharacterDevice();
  } catch {
    return false; // a closed descriptor
  }
}
