import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNanoString, toDurationMs, toNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';

/**
 * Numbers the executions of a run's stages, from 1: span IDs are made of the number. Several observers see the same
 * execution (the hook inside DVC, the shell shim of its commands, the console with DVC's markers), in any order, in
 * processes that don't know each other. What they agree by is files:
 *
 * - `<key>.<n>` claims execution n of a stage. `<key>` is the first 16 hex digits of the SHA-256 of DVC's address. It is
 *   made exclusively (O_EXCL; `set -C` in a shell), with one line in it: `<who> <name> <time>`, the time in nanoseconds
 *   since 1970. `<who>` is `dvc` for an execution that was seen from inside (hook or shim; the name is that of the DVC
 *   process, the same for all of the stage's commands), `console` for one that was seen by its marker, `api` for a stage
 *   that isn't DVC's.
 * - `<key>.<n>.joined` says, made in the same way, that an observer of the other kind has seen execution n too. So each
 *   execution has at most one claim and one who has joined it.
 *
 * A marker joins the claim from inside that is nearest in time, if it isn't joined yet: DVC prints the marker right before
 * it starts the first command. An observer from inside joins the first claim of a marker that nobody has joined. A marker
 * that says that nothing is run joins none; and when a stage has ended, its claim can't be joined any more (`closed`).
 *
 * Who claims inside of DVC's process gives the stage's commands `TRACEPARENT` with the stage's span, and
 * `STAGELIGHT_STAGE` = `<pid of DVC>:<address>`, so that the shim knows that it needn't claim.
 *
 * Whoever claims again under the same name gets the same number, so that a run can be merged anew from its inboxes.
 */
export class ExecutionClaims {
  readonly #folder: string;
  /** The number to try next, by address. */
  readonly #next = new Map<string, number>();
  /** A stage's first claims, up to one that somebody can still join: these don't change any more, so they are read once. */
  readonly #settled = new Map<string, Claim[]>();

  /** @param folder the run's folder of claims */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The number of an execution that is none of DVC's. @throws the file system's error. */
  claim(address: string, name: string): number {
    const key = toKey(address);
    for (let execution = this.#next.get(address) ?? 1; ; execution += 1) {
      const file = `${key}.${execution}`;
      const isOurs = this.#make(file, `api ${name} 0`) || this.#read(file)?.name === name;
      if (!isOurs) continue;
      this.#next.set(address, execution + 1);
      return execution;
    }
  }

  /**
   * The number of the execution that a marker is about. `isRun`: whether DVC says that it runs the stage, so that others
   * may see it from inside.
   * @throws the file system's error.
   */
  claimMarker(address: string, marker: { name: string; time: UnixTime; isRun: boolean }): number {
    const { name, time, isRun } = marker;
    const key = toKey(address);
    const text = `console ${name} ${toNanoString(time)}`;
    for (;;) {
      const claims = this.#list(key);
      const own = claims.findIndex((claim) => claim.name === name || claim.joinedBy === name);
      const found = own >= 0 ? own : isRun ? findNearest(claims, time) : -1;
      const execution = (found >= 0 ? found : claims.length) + 1;
      const file = `${key}.${execution}`;
      const isNew = found < 0;
      if (own < 0 && !this.#make(isNew ? file : `${file}.joined`, text)) continue; // somebody was quicker
      return execution;
    }
  }

  /** The stage has ended: what begins now is another execution. */
  close(address: string, execution: number): void {
    this.#make(`${toKey(address)}.${execution}.joined`, 'closed');
  }

  #list(key: string): Claim[] {
    const settled = this.#settled.get(key) ?? [];
    this.#settled.set(key, settled);
    const claims = [...settled];
    for (;;) {
      const claim = this.#read(`${key}.${claims.length + 1}`);
      if (claim === undefined) return claims;
      if (claim.joinedBy !== undefined && settled.length === claims.length) settled.push(claim);
      claims.push(claim);
    }
  }

  #read(file: string): Claim | undefined {
    const text = this.#readWritten(file);
    if (text === undefined) return undefined;
    const [who = '', name = '', time = ''] = text.trim().split(' ');
    const joined = this.#readText(`${file}.joined`);
    const joinedBy = joined === undefined ? undefined : (joined.trim().split(' ')[1] ?? '');
    return { who, name, time: parseNanoString(time), joinedBy };
  }

  /** A claim's text; of one that is being made just now when it is there. */
  #readWritten(file: string): string | undefined {
    for (let tries = 0; ; tries += 1) {
      const text = this.#readText(file);
      if (text !== '' || tries >= MAX_TRIES) return text;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }

  #readText(file: string): string | undefined {
    try {
      return readFileSync(join(this.#folder, file), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return undefined;
    }
  }

  #make(file: string, text: string): boolean {
    try {
      writeFileSync(join(this.#folder, file), `${text}\n`, { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return false;
    }
  }
}

interface Claim {
  readonly who: string;
  readonly name: string;
  readonly time: UnixTime | undefined;
  /** Who has joined it; `''` when nobody can any more. */
  readonly joinedBy: string | undefined;
}

/** A writer that was killed between making the file and writing it leaves it empty. */
const RETRY_MS = 2;
const MAX_TRIES = 10;
/** How far a marker's time may be from that of the command that it is about: a console is read late on a busy machine. */
const NEAR_MS = 10_000;

/** The claim from inside that a marker is most likely about; -1 when there is none. */
function findNearest(claims: readonly Claim[], time: UnixTime): number {
  let nearest = -1;
  let least = NEAR_MS;
  for (const [index, claim] of claims.entries()) {
    if (claim.who !== 'dvc' || claim.joinedBy !== undefined || claim.time === undefined) continue;
    const distance = Math.abs(toDurationMs(claim.time, time));
    if (distance > least) continue;
    least = distance;
    nearest = index;
  }
  return nearest;
}

function toKey(address: string): string {
  return createHash('sha256').update(address).digest('hex').slice(0, 16);
}
