import type { ConsoleEvent } from '../../grammars/grammar.ts';
import { ATTR, EVENT } from '../../model/attributes.ts';
import type { SpanId } from '../../model/ids.ts';
import { toStageSpanId } from '../../model/ids.ts';
import type { Attributes, RunKind } from '../../model/pipeline.ts';
import type { UnixTime } from '../../model/time.ts';
import { MASK, PrivateKeyFollower } from '../../model/secrets.ts';
import type { Zone } from '../../model/zone.ts';
import type { EventOrigin } from '../console/line-reader.ts';
import type { StreamRecord, StreamSink } from '../console/stream-reader.ts';
import type { Scope } from '../emitter.ts';
import type { Recorder } from '../recorder.ts';
import { FlowCourse } from './flow-course.ts';
import type { OpenSpan, SpanEnd } from './span-book.ts';
import { StageCourse } from './stage-course.ts';
import type { StageCourseOptions } from './stage-course.ts';
import { StudyCourse } from './study-course.ts';

export interface ConsoleCourseOptions extends StageCourseOptions {
  readonly recorder: Recorder;
  readonly zone: Zone;
  /** What the output belongs to where nothing says otherwise. */
  readonly base: Scope;
  /** What tells this output's records from those of any other source in the run: the beginning of their uids. */
  readonly uidPrefix: string;
  readonly onExperiment: (name: string) => void;
}

type StreamName = 'stdout' | 'stderr' | 'both';

/** One program's way through its stages, studies and jobs: the output itself has one, and each source that it repeats. */
interface Track {
  readonly base: Scope;
  readonly stages: StageCourse;
  readonly studies: StudyCourse;
  job: OpenSpan | undefined;
}

/** Makes spans and records of what one command printed: decides where each line belongs. */
export class ConsoleCourse {
  readonly #options: ConsoleCourseOptions;
  readonly #flows: FlowCourse;
  readonly #tracks = new Map<string | undefined, Track>();
  #jobCount = 0;

  constructor(options: ConsoleCourseOptions) {
    this.#options = options;
    this.#flows = new FlowCourse(options);
    this.#tracks.set(undefined, this.#createTrack(options.base));
  }

  /** The kind of run that the output shows, where it shows one. */
  get kind(): RunKind | undefined {
    if (this.#flows.hasFlow) return 'flow';
    const hasSearch =
      this.#jobCount > 0 || [...this.#tracks.values()].some(({ studies }) => studies.count > 0);
    return hasSearch ? 'sweep' : undefined;
  }

  /** What the lines of one of the output's streams act on. */
  createSink(stream: StreamName): StreamSink<Scope> {
    const keys = new PrivateKeyFollower();
    return {
      scope: (source) => this.#toScope(source),
      offer: (event, origin) => this.#offer(event, origin, stream),
      record: (record) => this.#record(keys.isInside(record.raw) ? hide(record) : record, stream),
    };
  }

  /** Ends what waited for something to be written beside the output. */
  settle(time: UnixTime): void {
    for (const { stages } of this.#tracks.values()) stages.settle(time);
  }

  /** Ends everything that is under way: the command has ended. */
  finish(how: SpanEnd): void {
    for (const track of [...this.#tracks.values()].toReversed()) {
      track.studies.finish();
      this.#endJob(track, how.end);
      track.stages.finish(how);
    }
  }

  #createTrack(base: Scope): Track {
    return {
      base,
      stages: new StageCourse(this.#options),
      studies: new StudyCourse(this.#options),
      job: undefined,
    };
  }

  #toTrack(source: string | undefined): Track {
    return this.#tracks.get(source) ?? this.#tracks.get(undefined)!;
  }

  #toScope(source: string | undefined): Scope {
    const { base, stages, studies, job } = this.#toTrack(source);
    return studies.scope ?? job?.scope ?? stages.scope ?? base;
  }

  /** What a stage, study or job that begins now is in. */
  #toParent(track: Track, of: 'stage' | 'job' | 'study'): SpanId {
    const { base, stages, job } = track;
    if (of === 'study') return (job?.scope ?? stages.scope ?? base).spanId;
    return (of === 'job' ? (stages.scope ?? base) : base).spanId;
  }

  #offer(event: ConsoleEvent, origin: EventOrigin, stream: string): Scope | undefined {
    const track = this.#toTrack(origin.source);
    const time = this.#toTime(origin);
    switch (event.type) {
      case 'study-start':
        return track.studies.start(event.study, { time, parent: this.#toParent(track, 'study') });
      case 'trial-end':
        return track.studies.endTrial(event.trial, {
          time,
          parent: this.#toParent(track, 'study'),
        });
      case 'job-start':
        return this.#startJob(event, track, time);
      case 'experiment':
        this.#options.onExperiment(event.name);
        return track.base;
      case 'progress':
        return this.#toScope(origin.source);
      case 'flow-start':
      case 'flow':
      case 'flow-end':
      case 'task':
      case 'task-end':
        return this.#offerFlow(event, time);
      default:
        return this.#offerStage(event, { track, origin, stream, time });
    }
  }

  #offerStage(
    event: ConsoleEvent,
    at: { track: Track; origin: EventOrigin; stream: string; time: UnixTime },
  ): Scope | undefined {
    const { track, origin, time } = at;
    const claimant = `${this.#options.uidPrefix}.${at.stream}.${origin.line.offset}`;
    const place = { time, claimant, parent: this.#toParent(track, 'stage') };
    if (event.type === 'stage-command') return track.stages.command();
    if (!this.#canBe(event, track)) return undefined;
    this.#endInner(track, time);
    switch (event.type) {
      case 'stage-start':
        return track.stages.start(event.stage, place);
      case 'stage-skip':
        return track.stages.skip(event.stage, event, place);
      case 'stage-frozen':
        return track.stages.frozen(event.stage, place) ?? track.base;
      case 'stage-lock':
        return track.stages.lock(time) ?? track.base;
      case 'stage-end':
        return this.#failStage(event, track, { ...place, message: origin.reading.body });
      case 'stages-blocked':
        track.stages.block(
          event.stages.filter((stage) => this.#options.facts.knows(stage)),
          place,
        );
        return track.base;
      default:
        return undefined;
    }
  }

  /** A program can print what looks like a marker: one for a stage that isn't, or for the very stage that it runs in. */
  #canBe(event: ConsoleEvent, track: Track): boolean {
    if (!('stage' in event) || event.stage === undefined) return true;
    if (!this.#options.facts.knows(event.stage)) return false;
    return event.type === 'stage-end' || track.stages.span?.name !== event.stage;
  }

  #failStage(
    event: Extract<ConsoleEvent, { type: 'stage-end' }>,
    track: Track,
    place: { time: UnixTime; claimant: string; parent: SpanId; message: string },
  ): Scope {
    const { stage: address, exitCode } = event;
    const failure = {
      message: place.message,
      ...(address !== undefined && { address }),
      ...(exitCode !== undefined && { exitCode }),
    };
    return track.stages.fail(failure, place) ?? track.base;
  }

  /** A study or job ends with the stage that it is in. */
  #endInner(track: Track, time: UnixTime): void {
    track.studies.finish();
    this.#endJob(track, time);
  }

  #startJob(
    event: Extract<ConsoleEvent, { type: 'job-start' }>,
    track: Track,
    time: UnixTime,
  ): Scope {
    this.#endInner(track, time);
    const parent = this.#toParent(track, 'job');
    this.#jobCount += 1;
    track.job = this.#options.book.open({
      spanId: toStageSpanId(this.#options.runId, `hydra job in ${parent}`, this.#jobCount),
      parent,
      role: 'job',
      name: 'job',
      start: time,
      attributes: {
        [ATTR.hydraJobNumber]: event.number,
        [ATTR.hydraOverrides]: event.overrides.split(/\s+/),
      },
    });
    return track.job.scope;
  }

  #endJob(track: Track, end: UnixTime): void {
    if (track.job !== undefined)
      this.#options.book.close(track.job, { end, inferred: ['end_time'] });
    track.job = undefined;
  }

  #offerFlow(event: ConsoleEvent, time: UnixTime): Scope | undefined {
    const place = { time, parent: this.#options.base.spanId };
    switch (event.type) {
      case 'flow-start':
        return this.#flows.startFlow(event.run, event.flow, place).scope;
      case 'flow':
        return this.#track(`Flow ${event.run}`, this.#flows.flow(event.run, place));
      case 'flow-end':
        this.#endTrack(`Flow ${event.run}`, { end: time, result: event.result });
        return this.#flows.endFlow(event.run, event.result, place).scope;
      case 'task':
        return this.#track(`Task ${event.task}`, this.#flows.task(event.task, place));
      case 'task-end':
        this.#endTrack(`Task ${event.task}`, { end: time, result: event.result });
        return this.#flows.endTask(event.task, event.result, place).scope;
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

  #record(record: StreamRecord<Scope>, stream: StreamName): void {
    const { recorder, zone, book } = this.#options;
    const { reading, scope } = record;
    const attributes = this.#toAttributes(record, stream);
    const time = reading?.stamp === undefined ? undefined : zone.read(reading.stamp, record.time);
    const isProgress = reading?.event?.type === 'progress';
    recorder.log({
      scope,
      logger: reading?.logger ?? reading?.tool ?? 'console',
      time,
      observed: record.time,
      severity: reading?.severity,
      severityText: reading?.severityText,
      ...(isProgress && { eventName: EVENT.progress }),
      body: reading?.body ?? record.text,
      attributes,
    });
    if (attributes[ATTR.exceptionType] !== undefined) {
      book.noteException(scope.spanId, {
        time: time ?? record.time,
        attributes: toExceptionAttributes(attributes),
      });
    }
    if (reading?.event?.type === 'trial-end') this.#toTrack(record.source).studies.settle();
  }

  #toAttributes(record: StreamRecord<Scope>, stream: StreamName): Attributes {
    const { reading, part } = record;
    const uid = this.#toUid(stream, record.offset);
    const attributes: Attributes = { [ATTR.uid]: uid };
    if (stream !== 'both') attributes[ATTR.iostream] = stream;
    if (reading?.attributes !== undefined) Object.assign(attributes, reading.attributes);
    if (record.bytes !== undefined) attributes[ATTR.original] = record.bytes;
    else if (record.raw !== (reading?.body ?? record.text)) attributes[ATTR.original] = record.raw;
    if (part !== undefined) {
      attributes[ATTR.partId] = this.#toUid(stream, part.of);
      attributes[ATTR.partIndex] = part.index;
    }
    if (record.isCut === true) attributes[ATTR.inferred] = ['end'];
    if (reading?.event?.type === 'progress')
      Object.assign(attributes, toProgressAttributes(reading.event, record.frames));
    return attributes;
  }

  #toUid(stream: string, offset: number): string {
    return `${this.#options.uidPrefix}.${stream.slice(3, 4)}.${offset.toString(36)}`;
  }
}

/** A line inside a private key: nothing of it may be kept. */
function hide(record: StreamRecord<Scope>): StreamRecord<Scope> {
  const { bytes: _bytes, reading: _reading, ...rest } = record;
  return { ...rest, text: MASK, raw: MASK };
}

function toExceptionAttributes(attributes: Attributes): Attributes {
  const names = [ATTR.exceptionType, ATTR.exceptionMessage, ATTR.exceptionStacktrace];
  return Object.fromEntries(
    names.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]]])),
  );
}

function toProgressAttributes(
  { progress }: Extract<ConsoleEvent, { type: 'progress' }>,
  frames: number | undefined,
): Attributes {
  return {
    [ATTR.progressName]: progress.name,
    ...(progress.current !== undefined && { [ATTR.progressCurrent]: progress.current }),
    ...(progress.total !== undefined && { [ATTR.progressTotal]: progress.total }),
    ...(progress.unit !== undefined && { [ATTR.progressUnit]: progress.unit }),
    [ATTR.progressFrames]: frames ?? 1,
  };
}
