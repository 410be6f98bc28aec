import { join } from 'node:path';
import { createGrammars } from '../grammars/registry.ts';
import type { ChildExitEntry, ConsoleOpenEntry } from '../model/inbox.ts';
import type { RunKind } from '../model/pipeline.ts';
import type { ProducedStage, RunInfo } from '../model/run-info.ts';
import { parseNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import { Zone } from '../model/zone.ts';
import type { Frame } from '../spool/console-inbox.ts';
import { ExecutionClaims } from '../spool/claims.ts';
import { FILE, findUp } from '../spool/layout.ts';
import { GrammarTable } from './console/grammar-table.ts';
import type { ChooseCut } from './console/line-splitter.ts';
import { ConsoleSource } from './console-source.ts';
import type { StreamName } from './console-source.ts';
import { ConsoleCourse } from './course/console-course.ts';
import type { SpanBook, SpanEnd } from './course/span-book.ts';
import { ToldStages } from './course/told-stages.ts';
import { DvcLocks } from './dvc/lock.ts';
import { DvcProject } from './dvc/project.ts';
import { StageFacts } from './dvc/stage-facts.ts';
import { Lineage } from './lineage.ts';
import type { Recorder } from './recorder.ts';
import type { Scopes } from './scopes.ts';
import { createFilter } from './seen/create-filter.ts';
import type { Sightings } from './seen/sightings.ts';
import { toStreamUidPrefix, toUidPrefix } from './uid.ts';

export interface ConsoleSourcesOptions {
  readonly runDir: string;
  readonly info: RunInfo;
  readonly book: SpanBook;
  readonly recorder: Recorder;
  readonly sightings: Sightings;
  readonly scopes: Scopes;
  readonly chooseCut: ChooseCut;
}

/** The consoles of a run: that of its command, and those of commands that run inside it under a wrapper of their own. */
export class ConsoleSources {
  /** The stages that DVC's own processes tell of. */
  readonly told: ToldStages;
  readonly #options: ConsoleSourcesOptions;
  readonly #facts: StageFacts;
  readonly #claims: ExecutionClaims;
  readonly #grammars: GrammarTable;
  readonly #sources = new Map<string, ConsoleSource>();
  #main: string | undefined;
  #experiment: string | undefined;

  constructor(options: ConsoleSourcesOptions) {
    const { runDir, info, recorder } = options;
    this.#options = options;
    const project = new DvcProject({ root: findUp(info.cwd, '.dvc') ?? info.cwd, cwd: info.cwd });
    const locks = new DvcLocks(project);
    locks.remember();
    this.#claims = new ExecutionClaims(join(runDir, FILE.claims));
    const { hookedStages } = options.sightings;
    const isUnhooked = (stage: string): boolean =>
      info.hasPythonHook === true && !hookedStages.has(stage);
    const lineage = new Lineage(runDir);
    this.#facts = new StageFacts({ project, locks, lineage, recorder, isUnhooked });
    this.told = new ToldStages({ ...options, root: info.rootSpanId, facts: this.#facts });
    this.#grammars = new GrammarTable(createGrammars(info.logging));
  }

  /** Whether it is the console of the run's own command. */
  isMain(source: string): boolean {
    return source === this.#main;
  }

  /** What kind of run the output shows, where it shows one. */
  get kind(): RunKind | undefined {
    return [...this.#sources.values()]
      .map((console) => console.course.kind)
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
      told: this.told,
      isDry: isDryRun(info.command),
      isCopy: createIsCopy(info, this.#options.sightings),
      zone: new Zone(info.timeZone),
      base: recorder.createScope(entry.span, entry.stage),
      uidPrefix: toUidPrefix(info.runId, source),
      onExperiment: (name) => {
        this.#experiment = name;
      },
    });
    const { chooseCut, sightings } = this.#options;
    sightings.open(source, entry);
    const console = new ConsoleSource({
      course,
      grammars: this.#grammars,
      chooseCut,
      toFilter: (stream) => {
        const isWritten = this.#createIsWritten(source, stream);
        return createFilter({ console: source, stream, sightings, isWritten });
      },
    });
    this.#sources.set(source, console);
  }

  /** Whether an earlier merge has written a record of what begins at a byte of a stream. */
  #createIsWritten(source: string, stream: StreamName): (offset: number) => boolean {
    const { info, recorder } = this.#options;
    if (!recorder.continuesEarlier) return () => false;
    const prefix = toStreamUidPrefix(toUidPrefix(info.runId, source), stream);
    return (offset) => recorder.hasWritten(prefix + offset.toString(36));
  }

  chunk(frame: Frame & { kind: 'stdout' | 'stderr' | 'both' }, source: string): void {
    this.#sources.get(source)?.chunk(frame);
  }

  /** A command inside the run has ended; its span is its wrapper's to end. */
  end(entry: ChildExitEntry, source: string): void {
    const end = parseNanoString(entry.time);
    if (end === undefined) return;
    const result = entry.code === 0 ? 'success' : 'failure';
    this.#sources.get(source)?.finish({ end, result });
  }

  /** Nothing more has come up to `time`. */
  expire(time: UnixTime): void {
    for (const console of this.#sources.values()) console.expire(time);
  }

  finish(how: SpanEnd): void {
    for (const console of this.#sources.values()) console.finish(how);
    this.told.finish(how);
  }
}

/**
 * What `dvc queue logs` prints, and `dvc exp run --run-all` of the workers that it starts: the experiments are runs of their
 * own, where the hook is in DVC.
 */
function createIsCopy({ command }: RunInfo, sightings: Sightings): () => boolean {
  const text = command.join(' ');
  if (/\bdvc\b.*\squeue\s+logs\b/s.test(text)) return () => true;
  if (!/\bdvc\b.*\sexp\s+run\b.*\s--run-all\b/s.test(text)) return () => false;
  return () => sightings.hasHookOutside;
}

/** `dvc repro --dry`, itself or in the text of a shell's command. */
function isDryRun(command: readonly string[]): boolean {
  return /\bdvc\b.*\s(?:repro|exp\s+run)\b.*\s--dry\b/s.test(command.join(' '));
}
