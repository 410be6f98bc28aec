import type { ConsoleOpenEntry, HookEntry, ShownEntry } from '../../model/inbox.ts';
import { parseNanoString } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { ChooseCut } from '../console/line-splitter.ts';
import { ExpectedOutput } from './expected-output.ts';
import type { SeenFile } from './seen-file.ts';
import { Shown } from './shown.ts';
import type { HeldRecord, KnownRecord } from './shown.ts';
import { splitShown } from './split-shown.ts';

/** Consoles in consoles; the bound is against entries that name each other. */
const MAX_DEPTH = 32;
/** So many of a process's newest records are known when one is shown: threads log between a record and its handlers. */
const MAX_KNOWN = 4096;

interface Around {
  readonly console: string;
  readonly apart: readonly string[];
}

/** A process that tells of its records. */
interface Teller {
  console: string | undefined;
  /** The stage that it runs in. */
  stage: string | undefined;
  /** Whether its standard streams are that console's own. */
  readonly isOwn: { stdout: boolean | 'file'; stderr: boolean | 'file' };
  readonly records: Map<number, Known>;
}

interface Known {
  readonly record: KnownRecord;
  readonly held: HeldRecord | undefined;
}

/** A record of another process, which handed it on to this one: it is known, whichever it is. */
const HANDED_ON: Known = {
  record: { uid: undefined, logger: '', source: '', body: '' },
  held: undefined,
};

/**
 * Knows which records of processes will be seen once more, where, and in which text. A record is told when it is logged;
 * what its handlers write to the console, to files, or to a program that repeats it is that record, not another one.
 */
export class Sightings {
  /** Stages in which a Python process had the hook. */
  readonly hookedStages = new Set<string>();
  /** Whether one outside of stages had it. */
  hasHookOutside = false;
  readonly file: SeenFile;
  readonly #chooseCut: ChooseCut;
  readonly #consoles = new Map<string, ExpectedOutput>();
  readonly #around = new Map<string, Around>();
  readonly #tellers = new Map<string, Teller>();
  #main: string | undefined;

  constructor(options: { file: SeenFile; chooseCut: ChooseCut }) {
    this.file = options.file;
    this.#chooseCut = options.chooseCut;
  }

  /** Whether so much is expected that the consoles should be read first. */
  get isFull(): boolean {
    for (const console of this.#consoles.values()) if (console.isFull) return true;
    return false;
  }

  /** Nothing of what is expected has come for a while: makes room. */
  makeRoom(): void {
    for (const console of this.#consoles.values()) if (console.isFull) console.makeRoom();
  }

  /** A console has been found. */
  open(name: string, { around, apart }: Pick<ConsoleOpenEntry, 'around' | 'apart'>): void {
    this.#main ??= name;
    if (around !== undefined) this.#around.set(name, { console: around, apart: apart ?? [] });
  }

  /** What is expected on a console. */
  on(name: string): ExpectedOutput {
    return this.#toConsole(name);
  }

  /** What is expected on the consoles around one that what is printed to a stream there comes by on, the nearest first. */
  around(name: string, stream: string): ExpectedOutput[] {
    const found: ExpectedOutput[] = [];
    let at = this.#around.get(name);
    while (at !== undefined && !at.apart.includes(stream) && found.length < MAX_DEPTH) {
      found.push(this.#toConsole(at.console));
      at = this.#around.get(at.console);
    }
    return found;
  }

  /** A process says that it tells of its records, and where it prints. */
  addProcess(source: string, { console, stdout, stderr, stage }: HookEntry): void {
    if (stage === undefined) this.hasHookOutside = true;
    else this.hookedStages.add(stage);
    const teller = this.#toTeller(source);
    teller.console = console;
    teller.stage = stage;
    teller.isOwn.stdout = stdout ?? true;
    teller.isOwn.stderr = stderr ?? true;
  }

  /** The stage that a process has said to run in. */
  stageOf(source: string): string | undefined {
    return this.#tellers.get(source)?.stage;
  }

  /** A record of a process that its handlers may show. */
  addRecord(source: string, id: number, known: Known): void {
    const { records } = this.#toTeller(source);
    records.set(id, known);
    if (records.size > MAX_KNOWN) records.delete(records.keys().next().value!);
  }

  /** A handler is about to write a record. */
  addShown(source: string, entry: ShownEntry): void {
    const teller = this.#toTeller(source);
    const known = entry.of === undefined ? HANDED_ON : teller.records.get(entry.of);
    if (known === undefined) return;
    const { isOwn, console } = teller;
    const { record, held } = known;
    if (entry.stream === 'file') {
      if (entry.path !== undefined) this.file.add(record.uid, { path: entry.path });
      return;
    }
    if (typeof entry.text !== 'string') return;
    const stream = entry.stream === 'other' ? 'stderr' : entry.stream;
    const time = parseNanoString(entry.time) ?? [0, 0];
    const pieces = splitShown(entry.text, this.#chooseCut);
    const isElsewhere = isOwn[stream] !== true;
    const shown = new Shown({ record, isElsewhere, lines: pieces.length, held });
    const consoles = this.#toConsoles(console, stream);
    for (const [index, { raw, end }] of pieces.entries()) {
      // What goes to a file hardly comes by: only if it can be nothing else, with a time in it say.
      if (isOwn[stream] === 'file' && raw === record.body) continue;
      for (const each of consoles) each.expect({ raw, end, time, isFirst: index === 0 }, shown);
    }
  }

  /**
   * The record that a message repeats, where a program around another one logs what that prints. The message has then
   * come by: what its own handlers write of it is expected as the record's.
   */
  takeRepeated(source: string, message: string, time: UnixTime): KnownRecord | undefined {
    const lines = message.split('\n').filter((line) => line !== '');
    const consoles = this.#toConsoles(this.#toTeller(source).console, 'stderr');
    const [nearest] = consoles;
    if (nearest === undefined || lines.length === 0) return undefined;
    if (!lines.every((line) => nearest.isRepeatable(line))) return undefined;
    let found: KnownRecord | undefined;
    for (const console of consoles) {
      for (const line of lines)
        console.takeRepeated(line, time, ({ record }) => (found ??= record));
    }
    return found;
  }

  /** What is expected on the consoles that a process's stream comes by on. */
  #toConsoles(console: string | undefined, stream: string): ExpectedOutput[] {
    const name = console ?? this.#main;
    return name === undefined ? [] : [this.#toConsole(name), ...this.around(name, stream)];
  }

  #toConsole(name: string): ExpectedOutput {
    let console = this.#consoles.get(name);
    if (console === undefined) this.#consoles.set(name, (console = new ExpectedOutput()));
    return console;
  }

  #toTeller(source: string): Teller {
    let teller = this.#tellers.get(source);
    if (teller === undefined) {
      teller = {
        console: undefined,
        stage: undefined,
        isOwn: { stdout: true, stderr: true },
        records: new Map(),
      };
      this.#tellers.set(source, teller);
    }
    return teller;
  }
}
