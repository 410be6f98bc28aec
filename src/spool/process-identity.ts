import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells a process from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own words: clock ticks since boot on Linux, `ps -o lstart` elsewhere. */
  readonly startedAt: string;
  /** The boot that it belongs to; `''` where the system doesn't say. */
  readonly bootId: string;
  readonly host: string;
}

/**
 * The name of an inbox of this process: its number and the time, short, since it is a part of each of its records' uids.
 */
export function toSourceName(): string {
  return `${process.pid.toString(36)}-${Date.now().toString(36)}`;
}

/** When the inbox of a name was made, in milliseconds since 1970; 0 for a name of another kind. */
export function parseSourceTime(source: string): number {
  const milliseconds = parseInt(source.slice(source.lastIndexOf('-') + 1), 36);
  return Number.isSafeInteger(milliseconds) ? milliseconds : 0;
}

/** The identity of a running process, this one by default; `undefined` when there is none of that number. */
export function identifyProcess(pid: number = process.pid): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? readLinuxStart(pid) : readPsStart(pid);
  if (startedAt === undefined) return undefined;
  return { pid, startedAt, bootId: readBootId(), host: hostname() };
}

/** Whether the process still runs. `undefined` when it can't be told from here: it is another host's. */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== hostname()) return undefined;
  if (identity.bootId !== readBootId()) return false;
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

function readLinuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the program's name in parentheses, may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function readPsStart(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() || undefined;
}

let bootId: string | undefined;

function readBootId(): string {
  bootId ??= process.platform === 'linux' ? readLinuxBootId() : readSysctlBootTime();
  return bootId;
}

function readLinuxBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

function readSysctlBootTime(): string {
  const { stdout } = spawnSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' });
  return stdout?.match(/sec = (\d+)/)?.[1] ?? '';
}
