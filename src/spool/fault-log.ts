import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE } from './layout.ts';

/** A fault of stagelight's own. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** Keeps our own faults in the run (`diag.jsonl`): the first of each code in words, all of them in number. */
export class FaultLog {
  readonly #path: string;
  readonly #counts = new Map<string, number>();

  constructor(runDir: string) {
    this.#path = join(runDir, FILE.diag);
  }

  /** How many faults there were, by code. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Adds a fault; gives true for the first of its code. Never throws: what can't be kept is still counted. */
  add(fault: Fault): boolean {
    const count = (this.#counts.get(fault.code) ?? 0) + 1;
    this.#counts.set(fault.code, count);
    if (!isWorthALine(count)) return false;
    try {
      const line = JSON.stringify({ time: new Date().toISOString(), ...fault, count });
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
    } catch {
      // The disk is what fails, as a rule.
    }
    return count === 1;
  }
}

/** 1, 10, 100, …: a fault that comes a million times is told seven times. */
function isWorthALine(count: number): boolean {
  return Number.isInteger(Math.log10(count));
}
