import type { SpanId } from '../../model/ids.ts';
import type { Attributes } from '../../model/pipeline.ts';

/** A record that a process told of itself, as what shows it on a console refers to it. */
export interface KnownRecord {
  /** Not known where it was handed on by another process. */
  readonly uid: string | undefined;
  readonly logger: string;
  readonly body: string;
  /** The inbox of the process. */
  readonly source: string;
}

/** A record that waits for the line that shows it. */
export interface HeldRecord {
  readonly attributes: Attributes;
  /** The span that it lies in, as its process knows. */
  readonly span: SpanId;
  /** The line has come: the record is what is read in it. Gives whether it was still waited for. */
  settle(): boolean;
}

/** A record that one handler of its process writes: expected to come by once, on each console that is around it. */
export class Shown {
  readonly record: KnownRecord;
  /** Whether the process prints into something of somebody else's, who may repeat it with a prefix of his own. */
  readonly isElsewhere: boolean;
  readonly lines: number;
  /**
   * Set for a record that repeats what a program printed, and isn't written yet: the line that shows it is read as if it
   * were the program's own, and takes this along.
   */
  readonly held: HeldRecord | undefined;
  #isNoted = false;
  #readAt: string | undefined;

  constructor(options: {
    record: KnownRecord;
    isElsewhere: boolean;
    lines: number;
    held: HeldRecord | undefined;
  }) {
    this.record = options.record;
    this.lines = options.lines;
    this.isElsewhere = options.isElsewhere;
    this.held = options.held;
  }

  /** Whether some of it has come by. */
  get hasCome(): boolean {
    return this.#isNoted || this.#readAt !== undefined;
  }

  /** Whether it hasn't come by before. */
  note(): boolean {
    const isNew = !this.#isNoted;
    this.#isNoted = true;
    return isNew;
  }

  /** Whether a record that was held is read on this console: on the first that its text came by on. */
  isReadAt(console: string): boolean {
    if (this.#readAt === undefined && this.held?.settle() === true) this.#readAt = console;
    return this.#readAt === console;
  }
}
