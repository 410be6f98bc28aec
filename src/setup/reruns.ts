import { relative, resolve } from 'node:path';
import type { DvcProject } from '../merge/dvc/project.ts';

/**
 * The stages that DVC would run again when a file is written or changed: those that depend on it or on a folder around it.
 * Parameters count only where all of a file is one: nothing that `init` writes has a key that a stage names.
 */
export function findReruns(project: DvcProject, path: string): string[] {
  const found: string[] = [];
  for (const [address, { folder, deps, params }] of project.all()) {
    const wholeFiles = Object.entries(params)
      .filter(([, names]) => names.length === 0)
      .map(([file]) => file);
    if ([...deps, ...wholeFiles].some((dep) => isAtOrBelow(path, resolve(folder, dep))))
      found.push(address);
  }
  return found;
}

/** The stages whose output a path lies in. */
export function findOwners(project: DvcProject, path: string): string[] {
  return [...project.all()]
    .filter(([, { folder, outs }]) => outs.some((out) => isAtOrBelow(path, resolve(folder, out))))
    .map(([address]) => address);
}

function isAtOrBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || !way.startsWith('..');
}
