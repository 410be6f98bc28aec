import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A pseudo terminal: what the command writes to `slaveFd` is read from `masterFd`. */
export interface Pty {
  /** Non-blocking. */
  readonly masterFd: number;
  /** Blocking, for the command. It stays open here too: once nobody has it open, unread output is lost. */
  readonly slaveFd: number;
  resize(size: TerminalSize): void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The part of node-pty's native module that is used. */
interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
  resize(fd: number, columns: number, rows: number): void;
}

/** Opens a pseudo terminal. @throws where the system has none left. */
export type OpenPty = (size: TerminalSize) => Pty;

/** What opens pseudo terminals; `undefined` where the optional package isn't installed or has no binary for this system. */
export function loadPty(): OpenPty | undefined {
  const native = loadNative();
  return native === undefined ? undefined : (size) => openPty(native, size);
}

function loadNative(): NativePty | undefined {
  try {
    // The package's own entry starts to read what is meant for the command, so its native module is used as it is.
    const own = createRequire(import.meta.url).resolve('@lydell/node-pty');
    return createRequire(own)(
      `@lydell/node-pty-${process.platform}-${process.arch}/pty.node`,
    ) as NativePty;
  } catch {
    return undefined;
  }
}

function openPty(native: NativePty, size: TerminalSize): Pty {
  const { master, slave, pty } = native.open(size.columns, size.rows);
  // The module's slave is non-blocking, which a command must not get: it is opened once more.
  const slaveFd = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(slave);
  // The real terminal makes `\r\n` of `\n`; done twice, the bytes would not be the command's.
  spawnSync('stty', ['-opost'], { stdio: [slaveFd, 'ignore', 'ignore'] });
  return {
    masterFd: master,
    slaveFd,
    resize: ({ columns, rows }) => native.resize(master, columns, rows),
  };
}

/** Marks the end of a terminal's output: written behind the last of it, and taken out again when it comes by. */
export class EndMark {
  readonly #mark = Buffer.from(`\x1b]stagelight:${randomBytes(16).toString('hex')}\x07`);
  #tail: Buffer = Buffer.alloc(0);
  #isWritten = false;

  write(slaveFd: number): void {
    writeSync(slaveFd, this.#mark);
    this.#isWritten = true;
  }

  /** What of a chunk is the command's, and whether the mark was behind it. */
  filter(chunk: Buffer): { bytes: Buffer; isEnd: boolean } {
    if (!this.#isWritten) return { bytes: chunk, isEnd: false };
    const bytes = Buffer.concat([this.#tail, chunk]);
    const at = bytes.indexOf(this.#mark);
    if (at >= 0) return { bytes: bytes.subarray(0, at), isEnd: true };
    // The mark may have been read in part: what could be its beginning is kept back.
    const kept = this.#findPartialMark(bytes);
    this.#tail = Buffer.from(bytes.subarray(bytes.length - kept));
    return { bytes: bytes.subarray(0, bytes.length - kept), isEnd: false };
  }

  #findPartialMark(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length)))
        return length;
    }
    return 0;
  }
}
