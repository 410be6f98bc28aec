import { join } from 'node:path';
import { createGrammars } from '../grammars/registry.ts';
import type { ChildExitEntry, ConsoleOpenEntry } from '../model/inbox.ts';
import type { RunKind } from '../model/pipeline.ts';
import type { ProducedStage, RunInfo } from '../model/run-info.ts';
import type { SecretMasker } from '../model/secrets.ts';
import { parseNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { Zone } from '../model/zone.ts';
import type { Frame } from '../spool/console-inbox.ts';
import { ExecutionClaims } from '../spool/claims.ts';
import { FILE, findUp } from '../spool/layout.ts';
import { GrammarTable } from './console/grammar-table.ts';
import type { ChooseCut } from './console/line-splitter.ts';
import type { PieceFilter } from './console/stream-reader.ts';
import { ConsoleSource } from './console-source.ts';
import { ConsoleCourse } from './course/console-course.ts';
import type { SpanBook, SpanEnd } from './course/span-book.ts';
import { createChooseCut } from './cut.ts';
import { DvcLocks } from './dvc/lock.ts';
import { DvcProject } from './dvc/project.ts';
import { StageFacts } from './dvc/stage-facts.ts';
import { EchoBook } from './echo-book.ts';
import { Lineage } from './lineage.ts';
import type { Recorder } from './recorder.ts';
import { toUidPrefix } from './uid.ts';

export interface ConsoleSourcesOptions {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly masker: SecretMasker;
  readonly book: SpanBook;
  readonly recorder: Recorder;
}

interface OpenConsole {
  readonly console: ConsoleSource;
  readonly around: string | undefined;
  /** What will come by here once more because a command inside it passes it on. */
  readonly echoes: EchoBook;
}

/** Consoles in consoles; the bound is against entries that name each other. */
const MAX_DEPTH = 32;

/** The consoles of a run: that of its command, and those of commands that run inside it under a wrapper of their own. */
export class ConsoleSources {
  readonly #options: ConsoleSourcesOptions;
  readonly #facts: StageFacts;
  readonly #claims: ExecutionClaims;
  readonly #grammars: GrammarTable;
  readonly #chooseCut: ChooseCut;
  readonly #sources = new Map<string, OpenConsole>();
  #main: string | undefined;
  #experiment: string | undefined;

  constructor(options: ConsoleSourcesOptions) {
    const { runDir, info, masker, recorder } = options;
    this.#options = options;
    const project = new DvcProject({ root: findUp(info.cwd, '.dvc') ?? info.cwd, cwd: info.cwd });
    const locks = new DvcLocks(project);
    locks.remember();
    this.#claims = new ExecutionClaims(join(runDir, FILE.claims));
    this.#facts = new StageFacts({ project, locks, lineage: new Lineage(runDir), recorder });
    this.#grammars = new GrammarTable(createGrammars(info.logging));
    this.#chooseCut = createChooseCut(masker);
  }

  /** Whether it is the console of the run's own command. */
  isMain(source: string): boolean {
    return source === this.#main;
  }

  /** What kind of run the output shows, where it shows one. */
  get kind(): RunKind | undefined {
    return [...this.#sources.values()]
      .map(({ console }) => console.course.kind)
      .find((kind) => kind !== undefined);
  }

  /** The DVC experiment that the output names. */
  get experiment(): string | undefined {
    return this.#experiment;
  }

  /** What the stages that ran have put out. */
  get produced(): readonly ProducedStage[] {
    return this.#facts.produced;
  }

  open(entry: ConsoleOpenEntry, source: string): void {
    const { info, recorder } = this.#options;
    if (entry.depth === 0) this.#main ??= source;
    const course = new ConsoleCourse({
      ...this.#options,
      runId: info.runId,
      claims: this.#claims,
      facts: this.#facts,
      isDry: isDryRun(info.command),
      zone: new Zone(info.timeZone),
      base: recorder.createScope(entry.span, entry.stage),
      uidPrefix: toUidPrefix(info.runId, source),
      onExperiment: (name) => {
        this.#experiment = name;
      },
    });
    const echoes = new EchoBook();
    const filter = createFilter(echoes, this.#findEnclosing(entry.around));
    const console = new ConsoleSource({
      course,
      grammars: this.#grammars,
      chooseCut: this.#chooseCut,
      filter,
    });
    this.#sources.set(source, { console, around: entry.around, echoes });
  }

  chunk(frame: Frame & { kind: 'stdout' | 'stderr' | 'both' }, source: string): void {
    this.#sources.get(source)?.console.chunk(frame);
  }

  /** A command inside the run has ended; its span is its wrapper's to end. */
  end(entry: ChildExitEntry, source: string): void {
    const end = parseNanoString(entry.time);
    if (end === undefined) return;
    const result = entry.code === 0 ? 'success' : 'failure';
    this.#sources.get(source)?.console.finish({ end, result });
  }

  /** Nothing more has come up to `time`. */
  expire(time: UnixTime): void {
    for (const { console } of this.#sources.values()) console.expire(time);
  }

  finish(how: SpanEnd): void {
    for (const { console } of this.#sources.values()) console.finish(how);
  }

  /** The consoles that one prints into, the nearest first. */
  #findEnclosing(around: string | undefined): EchoBook[] {
    const found: EchoBook[] = [];
    for (let name = around; name !== undefined;) {
      const console = this.#sources.get(name);
      if (console === undefined || found.length >= MAX_DEPTH) break;
      found.push(console.echoes);
      name = console.around;
    }
    return found;
  }
}

/** Leaves out what a console's inner commands pass on, and tells the consoles around it what will come by there. */
function createFilter(echoes: EchoBook, enclosing: readonly EchoBook[]): PieceFilter {
  return (raw, end) => {
    const own = echoes.takeOwn(raw, end);
    if (own !== undefined) for (const book of enclosing) book.expect(own, end);
    return own;
  };
}

/** `dvc repro --dry`, itself or in the text of a shell's command. */
function isDryRun(command: readonly string[]): boolean {
  return /\bdvc\b.*\s(?:repro|exp\s+run)\b.*\s--dry\b/s.test(command.join(' '));
}
