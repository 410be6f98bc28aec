import type { ConsoleEvent } from '../../grammars/grammar.ts';
import type { SpanId } from '../../model/ids.ts';
import type { RunKind } from '../../model/pipeline.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Zone } from '../../model/zone.ts';
import type { EventOrigin } from '../console/line.ts';
import type { StreamSink } from '../console/stream-reader.ts';
import type { Scope } from '../emitter.ts';
import type { Recorder } from '../recorder.ts';
import type { Scopes } from '../scopes.ts';
import { ConsoleRecords } from './console-records.ts';
import type { StreamName } from './console-records.ts';
import { FlowCourse } from './flow-course.ts';
import { JobCourse } from './job-course.ts';
import type { OpenSpan, SpanEnd } from './span-book.ts';
import { StageCourse } from './stage-course.ts';
import type { StageCourseOptions } from './stage-course.ts';
import type { MarkerPlace } from './stage-spans.ts';
import { StudyCourse } from './study-course.ts';

export interface ConsoleCourseOptions extends StageCourseOptions {
  readonly recorder: Recorder;
  readonly zone: Zone;
  readonly scopes: Scopes;
  /** What the output belongs to where nothing says otherwise. */
  readonly base: Scope;
  /** The beginning of the uids of this output's records. */
  readonly uidPrefix: string;
  readonly onExperiment: (name: string) => void;
  /** Whether what comes by is what other runs print, unless a process has told of it. */
  readonly isCopy: () => boolean;
}

/** Events after which the stage before is over, and with it what ran inside. */
const ENDING: ReadonlySet<ConsoleEvent['type']> = new Set([
  'stage-start',
  'stage-skip',
  'stage-check',
  'stages-blocked',
]);
const BEGINNING: ReadonlySet<ConsoleEvent['type']> = new Set([
  'stage-start',
  'stage-skip',
  'stage-check',
]);

/** One program's way through its stages, studies and jobs: the output itself has one, and each source that it repeats. */
interface Track {
  readonly base: Scope;
  readonly stages: StageCourse;
  readonly studies: StudyCourse;
  readonly jobs: JobCourse;
}

/** Makes spans and records of what one command printed: decides where each line belongs. */
export class ConsoleCourse {
  readonly #options: ConsoleCourseOptions;
  readonly #flows: FlowCourse;
  readonly #tracks = new Map<string | undefined, Track>();

  constructor(options: ConsoleCourseOptions) {
    this.#options = options;
    this.#flows = new FlowCourse(options);
    this.#tracks.set(undefined, this.#createTrack(options.base));
  }

  /** The kind of run that the output shows, where it shows one. */
  get kind(): RunKind | undefined {
    if (this.#flows.hasFlow) return 'flow';
    const tracks = [...this.#tracks.values()];
    const hasSearch = tracks.some(({ studies, jobs }) => studies.count + jobs.count > 0);
    return hasSearch ? 'sweep' : undefined;
  }

  /** What the lines of one of the output's streams act on. */
  createSink(stream: StreamName): StreamSink<Scope> {
    const records = new ConsoleRecords({ ...this.#options, stream });
    return {
      scope: (source) => this.#toScope(source),
      offer: (event, origin) => this.#offer(event, origin, records),
      expected: (source) => this.#toTrack(source).stages.expected,
      record: (record) => {
        records.add(record);
        if (record.reading?.event !== undefined) this.#settle(record.reading.event, record.source);
      },
    };
  }

  /** The record of an event is complete, with all its lines. */
  #settle(event: ConsoleEvent, source: string | undefined): void {
    if (event.type === 'trial-end') this.#toTrack(source).studies.settle();
    else if (event.type === 'stage-fail' && event.exitCode !== undefined)
      this.#toTrack(source).stages.noteExit(event.exitCode);
  }

  /** Ends what waited for something to be written beside the output. */
  settle(time: UnixTime): void {
    for (const { stages } of this.#tracks.values()) stages.settle(time);
  }

  /** Ends everything that is under way: the command has ended. */
  finish(how: SpanEnd): void {
    for (const track of [...this.#tracks.values()].toReversed()) {
      track.studies.finish();
      track.jobs.end(how.end);
      track.stages.finish(how);
    }
  }

  #createTrack(base: Scope): Track {
    return {
      base,
      stages: new StageCourse(this.#options),
      studies: new StudyCourse(this.#options),
      jobs: new JobCourse(this.#options),
    };
  }

  #toTrack(source: string | undefined): Track {
    return this.#tracks.get(source) ?? this.#tracks.get(undefined)!;
  }

  #toScope(source: string | undefined): Scope {
    const { base, stages, studies, jobs } = this.#toTrack(source);
    const inner = stages.isEnding ? undefined : (studies.scope ?? jobs.scope);
    return inner ?? stages.scope ?? base;
  }

  /** What a stage, study or job that begins now is in. */
  #toParent(track: Track, of: 'stage' | 'job' | 'study'): SpanId {
    const { base, stages, jobs } = track;
    if (of === 'study') return (jobs.scope ?? stages.scope ?? base).spanId;
    return (of === 'job' ? (stages.scope ?? base) : base).spanId;
  }

  #offer(event: ConsoleEvent, origin: EventOrigin, records: ConsoleRecords): Scope | undefined {
    const mentioned = origin.line.told === undefined ? this.#toMentioned(event) : undefined;
    if (mentioned !== undefined) return mentioned;
    const track = this.#toTrack(origin.source);
    if (origin.line.told === undefined && event.type !== 'progress' && this.#options.isCopy())
      return track.base;
    const time = this.#toTime(origin);
    switch (event.type) {
      case 'study-start':
      case 'trial-end':
        return this.#offerStudy(event, { track, time, stream: records.stream });
      case 'job-launch':
        track.studies.finish();
        track.jobs.launch(event.isTogether, time);
        return this.#toScope(origin.source);
      case 'job-start':
        track.studies.finish();
        return track.jobs.start(event, { time, parent: this.#toParent(track, 'job') });
      case 'job-fail':
        track.jobs.fail(event.overrides);
        return this.#toScope(origin.source);
      case 'experiment':
        this.#options.onExperiment(event.name);
        return this.#idle(track, time);
      case 'progress':
        return this.#toScope(origin.source);
      case 'flow-start':
      case 'flow':
      case 'flow-end':
      case 'task':
      case 'task-end':
        return this.#offerFlow(event, { time, told: origin.line.told?.span });
      default:
        return this.#offerStage(event, {
          track,
          origin,
          time,
          uid: records.toUid(origin.line.offset),
        });
    }
  }

  #offerStudy(
    event: Extract<ConsoleEvent, { type: 'study-start' | 'trial-end' }>,
    { track, time, stream }: { track: Track; time: UnixTime; stream: StreamName },
  ): Scope {
    const place = { time, stream, parent: this.#toParent(track, 'study') };
    if (event.type === 'study-start') return track.studies.start(event, place);
    return track.studies.endTrial(event.trial, place);
  }

  /** The task or flow run that a line names, when it is known: the most frequent event by far, in the cheapest way. */
  #toMentioned(event: ConsoleEvent): Scope | undefined {
    if (event.type === 'task') return this.#tracks.get(`Task ${event.task}`)?.base;
    return event.type === 'flow' ? this.#tracks.get(`Flow ${event.run}`)?.base : undefined;
  }

  #offerStage(
    event: ConsoleEvent,
    at: { track: Track; origin: EventOrigin; time: UnixTime; uid: string },
  ): Scope | undefined {
    const { track, origin, time, uid } = at;
    const { stages, base } = track;
    const process = origin.line.told?.source;
    const place = { time, claimant: uid, parent: this.#toParent(track, 'stage'), process };
    if (process === undefined && !this.#canBe(event, track)) return undefined;
    if (ENDING.has(event.type)) this.#endInner(track, time);
    switch (event.type) {
      case 'stage-command':
        return stages.command(event.command);
      case 'stage-start':
        return stages.start(event.stage, place);
      case 'stage-skip':
        return stages.skip(event.stage, event, place);
      case 'stage-check':
        return stages.check(event.stage, event, place);
      case 'stage-frozen':
        return stages.frozen(event.stage, place) ?? base;
      case 'stage-lock':
        return stages.lock(time) ?? base;
      case 'stage-idle':
        return this.#idle(track, time);
      case 'stage-fail':
      case 'stages-failed':
        return this.#failStages(event, { ...place, track, message: origin.reading.body }) ?? base;
      case 'stages-blocked':
        stages.block(
          event.stages.filter((stage) => this.#options.facts.knows(stage)),
          place,
        );
        return base;
      default:
        return undefined;
    }
  }

  /** A program can print what looks like a marker: one for a stage that isn't, or for the very stage that it runs in. */
  #canBe(event: ConsoleEvent, track: Track): boolean {
    if (!('stage' in event) || event.stage === undefined) return true;
    if (!this.#options.facts.knows(event.stage)) return false;
    return !BEGINNING.has(event.type) || track.stages.canBegin(event.stage);
  }

  #failStages(
    event: Extract<ConsoleEvent, { type: 'stage-fail' | 'stages-failed' }>,
    at: MarkerPlace & { track: Track; message: string },
  ): Scope | undefined {
    const { track, message, time } = at;
    if (event.type === 'stages-failed') {
      const known = event.stages.filter((stage) => this.#options.facts.knows(stage));
      for (const address of known)
        track.stages.fail({ time, message, isLast: true, hasCause: false, address }, at);
      return undefined;
    }
    const { stage: address, command, exitCode, isLast } = event;
    const failure = {
      time,
      message,
      isLast,
      // `failed to reproduce 'x'` alone sums up what was said before.
      hasCause: address === undefined || message.includes(': '),
      ...(address !== undefined && { address }),
      ...(command !== undefined && { command }),
      ...(exitCode !== undefined && { exitCode }),
    };
    return track.stages.fail(failure, at);
  }

  #idle(track: Track, time: UnixTime): Scope {
    track.stages.idle(time);
    return track.base;
  }

  /** A study or job ends with the stage that it is in. */
  #endInner(track: Track, time: UnixTime): void {
    track.studies.finish();
    track.jobs.end(time);
  }

  #offerFlow(
    event: ConsoleEvent,
    { time, told }: { time: UnixTime; told: SpanId | undefined },
  ): Scope | undefined {
    const place = { time, parent: this.#options.base.spanId, told };
    switch (event.type) {
      case 'flow-start':
        return this.#flows.startFlow(event.run, event.flow, place).scope;
      case 'flow':
        return this.#track(`Flow ${event.run}`, this.#flows.flow(event.run, place));
      case 'flow-end':
        this.#endTrack(`Flow ${event.run}`, { end: time, result: event.result });
        return this.#flows.endFlow(event.run, event, place).scope;
      case 'task':
        return this.#track(`Task ${event.task}`, this.#flows.task(event.task, place));
      case 'task-end':
        this.#endTrack(`Task ${event.task}`, { end: time, result: event.result });
        return this.#flows.endTask(event.task, event, place).scope;
      default:
        return undefined;
    }
  }

  /** The lines that a task or flow repeats have a track of their own. */
  #track(source: string, span: OpenSpan): Scope {
    if (!this.#tracks.has(source)) this.#tracks.set(source, this.#createTrack(span.scope));
    return span.scope;
  }

  #endTrack(source: string, how: SpanEnd): void {
    const track = this.#tracks.get(source);
    if (track === undefined) return;
    this.#endInner(track, how.end);
    track.stages.finish(how);
    this.#tracks.delete(source);
  }

  /** When a line's event happened: what the line says, unless it says what can't be. */
  #toTime({ line, reading }: EventOrigin): UnixTime {
    if (reading.stamp === undefined) return line.time;
    return this.#options.zone.read(reading.stamp, line.time) ?? line.time;
  }
}
