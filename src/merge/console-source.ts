import type { Frame } from '../spool/console-inbox.ts';
import type { UnixTime } from '../model/time.ts';
import type { ConsoleCourse } from './course/console-course.ts';
import type { GrammarTable } from './console/grammar-table.ts';
import { StreamReader } from './console/stream-reader.ts';
import type { PieceFilter } from './console/stream-reader.ts';
import type { ChooseCut } from './console/line-splitter.ts';
import type { Scope } from './emitter.ts';
import type { SpanEnd } from './course/span-book.ts';

export type StreamName = 'stdout' | 'stderr' | 'both';

/** One command's console: its streams, and the course that they tell of. */
export class ConsoleSource {
  readonly #course: ConsoleCourse;
  readonly #grammars: GrammarTable;
  readonly #chooseCut: ChooseCut;
  readonly #toFilter: (stream: StreamName) => PieceFilter;
  readonly #streams = new Map<StreamName, StreamReader<Scope>>();

  constructor(options: {
    course: ConsoleCourse;
    grammars: GrammarTable;
    chooseCut: ChooseCut;
    toFilter: (stream: StreamName) => PieceFilter;
  }) {
    this.#course = options.course;
    this.#grammars = options.grammars;
    this.#chooseCut = options.chooseCut;
    this.#toFilter = options.toFilter;
  }

  get course(): ConsoleCourse {
    return this.#course;
  }

  chunk(frame: Frame & { kind: StreamName }): void {
    this.#toStream(frame.kind).push(frame.payload, frame.time);
  }

  /** Nothing more has come up to `time`. */
  expire(time: UnixTime): void {
    for (const stream of this.#streams.values()) stream.expire(time);
    this.#course.settle(time);
  }

  /** The output has ended, and with it all that it told of. */
  finish(how: SpanEnd): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#course.finish(how);
  }

  #toStream(name: StreamName): StreamReader<Scope> {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new StreamReader({
        grammars: this.#grammars,
        sink: this.#course.createSink(name),
        chooseCut: this.#chooseCut,
        filter: this.#toFilter(name),
      });
      this.#streams.set(name, stream);
    }
    return stream;
  }
}
