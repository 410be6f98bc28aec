import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { relative } from 'node:path';
import { ConfigError } from '../config-error.ts';
import type { Origin } from '../tree/origin.ts';
import type { SourceText } from '../tree/source-text.ts';

/** No configuration is larger; a file that is was named by mistake. */
export const MAX_FILE_BYTES = 1024 * 1024;

export interface ReadSourceOptions {
  /** Absolute. */
  readonly path: string;
  /** What messages show the path relative to. */
  readonly cwd: string;
  /** What names the file, if anything does: that is where a mistake is then told to be. */
  readonly namedBy?: { readonly origin: Origin; readonly key?: string } | undefined;
  readonly preset?: string;
}

/**
 * Reads a file of configuration.
 * @throws {ConfigError} when it isn't there, can't be read, isn't a file, is larger than {@link MAX_FILE_BYTES} or
 * isn't UTF-8 text
 */
export function readSource(options: ReadSourceOptions): SourceText {
  const { path, namedBy, preset } = options;
  const label = toLabel(path, options.cwd);
  const read = readText(path);
  if (read.status === 'ok') {
    return { path, label, text: read.text, ...(preset !== undefined && { preset }) };
  }
  const text = `${label} ${read.reason}`;
  throw new ConfigError([
    { code: 'unreadable', origin: namedBy?.origin, key: namedBy?.key, text, hint: read.hint },
  ]);
}

/** The path as it is shortest: from the working directory, or from the root. */
function toLabel(path: string, cwd: string): string {
  const fromCwd = relative(cwd, path);
  return fromCwd !== '' && fromCwd.length < path.length ? fromCwd : path;
}

type ReadText =
  | { readonly status: 'ok'; readonly text: string }
  | { readonly status: 'failed'; readonly reason: string; readonly hint?: string };

function readText(path: string): ReadText {
  let descriptor: number | undefined;
  try {
    // A named pipe would be waited for.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) return failed("is a folder; a file's name was expected");
    if (!stats.isFile()) return failed("isn't a regular file");
    if (stats.size > MAX_FILE_BYTES) return failed(`is larger than ${MAX_FILE_BYTES} bytes`);
    return decode(readBytes(descriptor));
  } catch (error) {
    return failed(toReason(error as NodeJS.ErrnoException));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The file's bytes, and no more than are allowed when it grows meanwhile. */
function readBytes(descriptor: number): Buffer {
  const bytes = Buffer.alloc(MAX_FILE_BYTES);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function decode(bytes: Buffer): ReadText {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return failed("isn't UTF-8 text", 'save it as UTF-8');
  }
  const nul = text.indexOf('\0');
  if (nul < 0) return { status: 'ok', text };
  return failed(
    `isn't a text file: it has a NUL byte in line ${text.slice(0, nul).split('\n').length}`,
  );
}

function failed(reason: string, hint?: string): ReadText {
  return { status: 'failed', reason, ...(hint !== undefined && { hint }) };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "isn't there",
  ENOTDIR: "isn't there: a part of its path is no folder",
  EACCES: "can't be read: permission denied",
  ELOOP: "can't be read: its symbolic links go round in a circle",
  ENAMETOOLONG: "can't be read: its name is too long",
};

function toReason(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? `can't be read: ${error.message}`;
}
