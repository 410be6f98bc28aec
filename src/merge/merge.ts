import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT } from '../model/attributes.ts';
import type { InboxEntry, RunEndEntry } from '../model/inbox.ts';
import type { RunKind } from '../model/pipeline.ts';
import type { RunInfo } from '../model/run-info.ts';
import { SecretMasker } from '../model/secrets.ts';
import { compileTextFormat } from '../model/text-format.ts';
import { parseNanoString, toNanoString } from '../model/time.ts';
import type { UnixTime } from '../model/time.ts';
import type { Frame } from '../spool/console-inbox.ts';
import { InboxReader } from '../spool/inbox-reader.ts';
import type { EntryPlace, InboxVisitor } from '../spool/inbox-visitor.ts';
import { parseEntry } from '../spool/record-tail.ts';
import { FILE } from '../spool/layout.ts';
import { writeRunInfo } from '../spool/run-file.ts';
import { ConsoleSources } from './console-sources.ts';
import { createChooseCut } from './cut.ts';
import { Emitter } from './emitter.ts';
import { EntryReader } from './entry-reader.ts';
import { FaultLog } from '../spool/fault-log.ts';
import { LogFile, TextFile, TraceFile } from './file-processors.ts';
import type { FileProcessor } from './file-processors.ts';
import { toDurationMetric } from './duration-metric.ts';
import { MetricsFile } from './metrics-file.ts';
import { Recorder } from './recorder.ts';
import type { Written } from './recorder.ts';
import { RunSpan } from './run-span.ts';
import { Scopes } from './scopes.ts';
import { SeenFile } from './seen/seen-file.ts';
import { Sightings } from './seen/sightings.ts';
import { SpanBook } from './course/span-book.ts';
import { noteUnhooked } from './unhooked.ts';

export interface MergeOptions {
  readonly runDir: string;
  readonly info: RunInfo;
  /** What an earlier merge of the run has written, when this one continues it. */
  readonly written?: Written;
  readonly env: NodeJS.ProcessEnv;
}

/** How much of each console is read in a step: a few milliseconds of work. */
const STEP_BYTES = 256 * 1024;
const HEARTBEAT_MS = 15_000;

/**
 * The one writer of a run: reads all inboxes and writes `traces.jsonl`, `logs.jsonl`, `run.log` and `run.json`.
 * What it reads stays in the inboxes until the run has ended, so a merge that was killed can be done again: places in the
 * inboxes give the uids, and what is written already is left out.
 */
export class Merge implements InboxVisitor {
  readonly #options: MergeOptions;
  readonly #inboxes: InboxReader;
  readonly #metrics: MetricsFile;
  readonly #files: readonly Pick<FileProcessor, 'flush' | 'close'>[];
  readonly #recorder: Recorder;
  readonly #run: RunSpan;
  readonly #consoles: ConsoleSources;
  readonly #entries: EntryReader;
  readonly #faults: FaultLog;
  readonly #sightings: Sightings;
  #lastHeartbeat: UnixTime;
  #lastTime: UnixTime;
  /** Up to when the consoles have been read. */
  #lastFrame: UnixTime = [0, 0];
  /** The run as it has ended, until all of it is on disk. */
  #ended: RunInfo | undefined;

  constructor(options: MergeOptions) {
    const { runDir, info, written } = options;
    this.#options = options;
    const masker = createMasker(info);
    const { emitter, files } = createFiles(runDir, info);
    const recorder = new Recorder({ emitter, masker, written });
    const book = createBook(options, recorder);
    const chooseCut = createChooseCut(masker);
    const sightings = new Sightings({ file: new SeenFile(join(runDir, FILE.seen)), chooseCut });
    const scopes = new Scopes({ root: info.rootSpanId, book, recorder });
    const metrics = new MetricsFile(join(runDir, FILE.metrics), info.resource, recorder);
    const parts = { ...options, recorder, book, sightings, scopes, chooseCut, metrics };
    this.#metrics = metrics;
    this.#files = [...files, sightings.file, metrics];
    this.#recorder = recorder;
    this.#sightings = sightings;
    this.#faults = new FaultLog(runDir);
    this.#run = new RunSpan(parts);
    this.#consoles = new ConsoleSources(parts);
    this.#entries = new EntryReader({ ...parts, faults: this.#faults });
    this.#inboxes = new InboxReader(join(runDir, FILE.inbox));
    this.#lastTime = this.#lastHeartbeat = this.#run.start;
  }

  /** Counts of what was written so far. */
  get counter(): Recorder['counter'] {
    return this.#recorder.counter;
  }

  /** How the run has ended, where the process that began it has said so. */
  get told(): RunEndEntry | undefined {
    return this.#run.told;
  }

  /**
   * Reads what is new and writes it. `time` is now, or `undefined` when an old run is merged and only its own times count.
   * @returns whether there was anything.
   * @throws the file system's error when something can't be written; the step is then finished by the next call.
   */
  step(time?: UnixTime): boolean {
    this.#flush(); // first what the disk refused the last time, before there is more of it
    const hasRead = this.#inboxes.read(this, STEP_BYTES);
    const readTime = hasRead || time === undefined ? this.#lastFrame : time;
    this.#entries.settle(readTime);
    this.#consoles.told.settle(readTime);
    if (time !== undefined) {
      if (!hasRead) this.#consoles.expire(time);
      this.#beat(time);
    }
    this.#flush();
    return hasRead;
  }

  get isFull(): boolean {
    return this.#sightings.isFull;
  }

  makeRoom(): void {
    this.#sightings.makeRoom();
  }

  entry(entry: InboxEntry, place: EntryPlace): void {
    this.#note(parseNanoString(entry.time));
    if (entry.type === 'run-end') this.#run.told = entry;
    else if (entry.type === 'dvc-stage') this.#consoles.told.take(entry, place.source);
    else this.#entries.take(entry, place);
  }

  frame(frame: Frame, place: EntryPlace): void {
    this.#note(frame.time);
    this.#lastFrame = frame.time;
    if (frame.kind !== 'entry') {
      this.#consoles.chunk(frame as Frame & { kind: 'stdout' }, place.source);
      return;
    }
    const entry = parseEntry(frame.payload);
    if (entry === undefined) return this.unreadable(place);
    if (entry.type === 'console-open') this.#consoles.open(entry, place.source);
    else if (entry.type === 'child-exit') this.#endConsole(entry, place.source);
    else this.#entries.take(entry, place);
  }

  unreadable(place: EntryPlace): void {
    this.#faults.add({
      code: 'unreadable-entry',
      message: `an entry of ${place.source} at byte ${place.offset} can't be read`,
    });
    this.#recorder.counter.dropped += 1;
  }

  /**
   * Ends the run: everything is read, written and counted, and the inboxes go.
   * @returns the run as it is from now on.
   * @throws the file system's error when something can't be written; calling it again goes on from there.
   */
  finish(): RunInfo {
    while (this.#inboxes.read(this, STEP_BYTES)) this.#flush();
    this.#ended ??= this.#end();
    this.#flush();
    writeRunInfo(this.#options.runDir, this.#ended);
    this.close();
    rmSync(join(this.#options.runDir, FILE.inbox), { recursive: true, force: true });
    return this.#ended;
  }

  close(): void {
    this.#inboxes.close();
    for (const file of this.#files) file.close();
  }

  #end(): RunInfo {
    const exit = this.#run.how(this.#lastTime);
    const how = exit.result === 'success' ? { ...exit, ...this.#entries.flowEnd } : exit;
    this.#consoles.finish(how);
    this.#entries.finish(how);
    const { scope } = this.#run;
    const { info } = this.#options;
    if (!this.#sightings.hasHookOutside)
      noteUnhooked({ info, scope, recorder: this.#recorder }, how.end);
    const told = this.#run.finish({
      ...how,
      kind: this.#toKind(),
      experiment: this.#consoles.experiment,
    });
    const ended: RunInfo = {
      ...info,
      ...told,
      endedAt: toNanoString(how.end),
      counts: this.#recorder.counter.toCounts(),
      produced: this.#consoles.produced,
      ...(this.#recorder.firstError && { firstError: this.#recorder.firstError }),
    };
    this.#metrics.add(toDurationMetric(ended));
    return ended;
  }

  #toKind(): RunKind | undefined {
    const shown = this.#consoles.kind;
    if (shown === 'flow') return shown;
    const {
      success = 0,
      failure = 0,
      error = 0,
      cancellation = 0,
      skip = 0,
    } = this.#recorder.counter.stages;
    const ran = success + failure + error + cancellation;
    if (ran + skip === 0) return this.#recorder.counter.trials > 0 ? 'sweep' : shown;
    return skip === 0 ? 'full' : 'partial';
  }

  #endConsole(entry: Extract<InboxEntry, { type: 'child-exit' }>, source: string): void {
    if (this.#consoles.isMain(source)) this.#run.childExit = entry;
    else this.#consoles.end(entry, source);
  }

  #note(time: UnixTime | undefined): void {
    if (time !== undefined) this.#lastTime = time;
  }

  #beat(time: UnixTime): void {
    if ((time[0] - this.#lastHeartbeat[0]) * 1000 < HEARTBEAT_MS) return;
    this.#lastHeartbeat = time;
    const { scope } = this.#run;
    const uid = `${scope.spanId}-heartbeat-${toNanoString(time)}`;
    this.#recorder.event({ scope, name: EVENT.heartbeat, time, uid });
    writeRunInfo(this.#options.runDir, {
      ...this.#options.info,
      counts: this.#recorder.counter.toCounts(),
    });
  }

  /** Tries all files before it tells of the first that failed. */
  #flush(): void {
    const errors: unknown[] = [];
    for (const file of this.#files) {
      try {
        file.flush();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

function createMasker(info: RunInfo): SecretMasker {
  return new SecretMasker(
    info.logging.secretRules.map(({ name, pattern }) => ({
      name,
      pattern: new RegExp(pattern, 'g'),
    })),
  );
}

function createFiles(
  runDir: string,
  info: RunInfo,
): { emitter: Emitter; files: readonly FileProcessor[] } {
  const { traceId, remoteParent, resource } = info;
  const traces = new TraceFile(join(runDir, FILE.traces), resource);
  const logs = new LogFile(join(runDir, FILE.logs), resource);
  const text = createTextFile(runDir, info);
  const logProcessors = [logs, text];
  const spanProcessors = [traces];
  const emitter = new Emitter({ traceId, remoteParent, resource, logProcessors, spanProcessors });
  return { emitter, files: [logs, traces, text] };
}

function createBook({ runDir, env }: MergeOptions, recorder: Recorder): SpanBook {
  const keepsExceptionEvents = env['OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN'] !== 'logs';
  return new SpanBook({ recorder, url: `file://${runDir}`, keepsExceptionEvents });
}

function createTextFile(runDir: string, info: RunInfo): TextFile {
  const { format, dateFormat, minimumSeverity } = info.logging;
  return new TextFile(join(runDir, FILE.text), {
    format: compileTextFormat(format, { dateFormat, zone: info.timeZone }),
    minimumSeverity,
    runId: info.runId,
  });
}
