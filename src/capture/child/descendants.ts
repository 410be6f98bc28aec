import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** A process as the system lists it. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** Its process group. */
  readonly group: number;
}

/**
 * Every living descendant of a process, children before grandchildren. A process that was orphaned has left its
 * ancestors and isn't found this way.
 */
export function findDescendants(pid: number): ListedProcess[] {
  const children = new Map<number, ListedProcess[]>();
  for (const listed of existsSync('/proc/self/stat') ? readProc() : readPs()) {
    const siblings = children.get(listed.parent);
    if (siblings === undefined) children.set(listed.parent, [listed]);
    else siblings.push(listed);
  }
  const found = [...(children.get(pid) ?? [])];
  for (let index = 0; index < found.length; index += 1)
    found.push(...(children.get(found[index]!.pid) ?? []));
  return found;
}

function* readProc(): Iterable<ListedProcess> {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const listed = readStat(name);
    if (listed !== undefined) yield listed;
  }
}

function readStat(pid: string): ListedProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the program's name in parentheses, may hold spaces and parentheses itself.
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid: Number(pid), parent: Number(parent), group: Number(group) };
  } catch {
    return undefined; // it has ended meanwhile
  }
}

function* readPs(): Iterable<ListedProcess> {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid='], { encoding: 'utf8' });
  for (const line of (stdout ?? '').split('\n')) {
    const [pid, parent, group] = line.trim().split(/\s+/).map(Number);
    if (pid !== undefined && parent !== undefined && group !== undefined && pid > 0)
      yield { pid, parent, group };
  }
}
