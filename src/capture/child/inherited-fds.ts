import { fstatSync } from 'node:fs';

/**
 * Descriptors beyond the first three that the command was promised: make's job server, and `<(…)` of the shell. Node
 * keeps what it inherited from its own children unless told otherwise.
 */
export function findInheritedFds(command: readonly string[], env: NodeJS.ProcessEnv): number[] {
  const promised = [
    ...(env['MAKEFLAGS'] ?? '').matchAll(/--jobserver-(?:auth|fds)=(\d+),(\d+)/g),
    ...command.join(' ').matchAll(/\/dev\/fd\/(\d+)|\/proc\/self\/fd\/(\d+)/g),
  ];
  const fds = promised
    .flatMap((match) => match.slice(1))
    .filter((text) => text !== undefined)
    .map(Number);
  return [...new Set(fds)].filter((fd) => fd > 2 && fd < 1024 && isOpen(fd));
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
