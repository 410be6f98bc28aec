import type { PieceEnd } from '../console/line-splitter.ts';
import { toText } from '../console/line.ts';
import { toUnixMs } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import type { Shown } from './shown.ts';

/** Of what never comes by, such as output that went to a file, this much is remembered: in characters. */
const MAX_SIZE = 16 * 1024 * 1024;
/** So much of it is expected before the console is read first: more costs memory and gains nothing, unless it comes late. */
const ROOM = MAX_SIZE / 4;
/** What a line takes beside its characters. */
const LINE_SIZE = 400;
/** How many expectations that end alike are tried against a line that others have written into. */
const MAX_TRIED = 64;
/** What stands before an expected line is at most so long where that many are. */
const MAX_PREFIX = 256;
/** Lines are found by so many of their last characters. A shorter one is found at the end of too many others. */
const ENDING_LENGTH = 8;

/** A piece of output: its text, what ended it, and when that was read, or told. */
export interface TimedPiece {
  readonly raw: string;
  readonly end: PieceEnd;
  readonly time: UnixTime;
}

export interface OwnPiece extends TimedPiece {
  /** Whether it is in a record that an earlier merge has written: it was then nobody else's. */
  readonly isWritten?: boolean;
}

export interface ExpectedPiece extends TimedPiece {
  /** Whether it is the first of what a handler writes; it is when left out. */
  readonly isFirst?: boolean;
}

/** One time that a line is expected: from an inner console, or as what a handler writes. */
interface Expected {
  readonly timeMs: number;
  readonly shown: Shown | undefined;
  /** Whether it is the first line of what is shown. */
  readonly isFirst: boolean;
}

/** Told of each expected piece that has come by. */
export type OnShown = (shown: Shown) => void;

/** Nothing comes by before it is told; but processes read one clock in different ways. */
const CLOCK_SLACK_MS = 100;

/**
 * What will come by on one console, and is known already: what a command inside it prints, whose output is caught on its
 * own, and what handlers write of records that their process has told. Both are told before they are written, so the
 * expectation is always there first.
 *
 * Equal lines are counted: a line that is expected twice may come twice, and one that comes a third time is new. One that
 * came before it was told is none of these: a run that is merged anew, from inboxes that are full already, has the same
 * records. Colours and the carriage returns that a terminal adds make no difference.
 */
export class ExpectedOutput {
  readonly #lines = new Map<string, Expected[]>();
  /** The keys of the lines by how they end. */
  readonly #endings = new Map<string, Set<string>>();
  /** Ends of output that had no newline: the next line begins with them. */
  readonly #tails: { text: string; shown: Shown | undefined }[] = [];
  #size = 0;
  #room = ROOM;

  /** Whether so much is expected that what is expected next could push out what hasn't come yet. */
  get isFull(): boolean {
    return this.#size > this.#room;
  }

  /** A piece of output will come by here: an inner console's, or, with `shown`, what a handler writes. */
  expect({ raw, end, time, isFirst = true }: ExpectedPiece, shown?: Shown): void {
    if (end === 'end') {
      if (raw !== '') this.#tails.push({ text: toText(raw), shown });
      return;
    }
    const key = toKey(raw, end);
    const expected = this.#lines.get(key) ?? this.#add(key);
    expected.push({ timeMs: toUnixMs(time), shown, isFirst });
    this.#size += key.length + LINE_SIZE;
    if (this.#size > MAX_SIZE) this.#forgetHalf();
  }

  /**
   * What of a piece is this console's own: `undefined` when all of it was expected, else the text that is left when what
   * was expected at its beginning or end is taken off.
   */
  takeOwn(piece: OwnPiece, onShown: OnShown): string | undefined {
    const { raw, end } = piece;
    if (this.#lines.size === 0 && this.#tails.length === 0) return raw;
    if (this.#consume(toKey(raw, end), piece, onShown)) return undefined;
    const tail = this.#tails.findIndex(({ text }) => raw.startsWith(text));
    if (tail >= 0) {
      const [{ text, shown } = { text: '', shown: undefined }] = this.#tails.splice(tail, 1);
      if (shown !== undefined) onShown(shown);
      const rest = raw.slice(text.length);
      return rest === '' ? undefined : this.takeOwn({ ...piece, raw: rest }, onShown);
    }
    return this.#takeOffEnd(piece, onShown);
  }

  /** Whether a line is expected that its process doesn't print here itself: somebody else may repeat it. */
  isRepeatable(text: string): boolean {
    return this.#lines.get(toKey(text, 'newline'))?.some(isElsewhere) === true;
  }

  /** Takes a line that somebody repeats behind a prefix of his own; gives whether it was one of those that can be. */
  takeRepeated(text: string, time: UnixTime, onShown: OnShown): boolean {
    return this.isRepeatable(text) && this.#consume(toKey(text, 'newline'), { time }, onShown);
  }

  /** What is expected hasn't come for a while, and there is more: it comes late, or not at all. */
  makeRoom(): void {
    if (this.#room < MAX_SIZE / 2) this.#room *= 2;
    else this.#forgetHalf();
  }

  #forgetHalf(): void {
    const most = this.#size / 2;
    // One walk for all: each new one would pass over what was deleted before.
    for (const key of this.#lines.keys()) {
      if (this.#size <= most) return;
      this.#remove(key);
    }
  }

  /** An expected line behind text of this console's own that had no newline, or behind the prefix of who repeats it. */
  #takeOffEnd(piece: OwnPiece, onShown: OnShown): string | undefined {
    const { raw, end } = piece;
    const text = toText(raw);
    for (const key of this.#findEnds(text, end)) {
      const known = key.slice(1);
      const isRepeated = this.#lines.get(key)!.some(isElsewhere);
      if (!this.#consume(key, { time: piece.time }, onShown)) continue;
      if (isRepeated) return undefined;
      return this.takeOwn({ ...piece, raw: cutOff(raw, known.length) }, onShown);
    }
    return raw;
  }

  /** The keys of the expected lines that a longer one ends with. */
  #findEnds(text: string, end: PieceEnd): string[] {
    const keys = this.#endings.get(end[0]! + text.slice(-ENDING_LENGTH));
    if (keys === undefined) return [];
    if (keys.size <= MAX_TRIED)
      return [...keys].filter((key) => key.length <= text.length && text.endsWith(key.slice(1)));
    // Where too many end alike, such as with one number, a line's own ends are fewer.
    const count = Math.min(MAX_PREFIX, text.length - ENDING_LENGTH);
    const ends = Array.from({ length: count }, (_, index) => end[0]! + text.slice(index + 1));
    return ends.filter((key) => this.#lines.has(key));
  }

  #add(key: string): Expected[] {
    const expected: Expected[] = [];
    this.#lines.set(key, expected);
    if (key.length <= ENDING_LENGTH) return expected;
    const ending = toEnding(key);
    const keys = this.#endings.get(ending);
    if (keys === undefined) this.#endings.set(ending, new Set([key]));
    else keys.add(key);
    return expected;
  }

  #consume(key: string, of: Pick<OwnPiece, 'time' | 'isWritten'>, onShown: OnShown): boolean {
    const expected = this.#lines.get(key);
    if (expected === undefined) return false;
    const index = findNext(expected, of);
    if (index < 0) return false;
    const [found] = expected.splice(index, 1);
    this.#size -= key.length + LINE_SIZE;
    if (expected.length === 0) this.#remove(key);
    if (found?.shown !== undefined) onShown(found.shown);
    return true;
  }

  #remove(key: string): void {
    this.#size -= (key.length + LINE_SIZE) * this.#lines.get(key)!.length;
    this.#lines.delete(key);
    const ending = toEnding(key);
    const keys = this.#endings.get(ending);
    keys?.delete(key);
    if (keys?.size === 0) this.#endings.delete(ending);
  }
}

/**
 * Which of the times that a line is expected has come. Where equal lines belong to several records, a later line goes to
 * a record that has begun to come by: the first lines tell these apart.
 */
function findNext(
  expected: readonly Expected[],
  { time, isWritten = false }: Pick<OwnPiece, 'time' | 'isWritten'>,
): number {
  const latestMs = toUnixMs(time) + CLOCK_SLACK_MS;
  const canBe = ({ timeMs, shown }: Expected): boolean =>
    timeMs <= latestMs && (!isWritten || shown?.held !== undefined);
  const next = expected
    .slice(0, MAX_TRIED)
    .findIndex((each) => canBe(each) && each.isFirst !== each.shown?.hasCome);
  return next >= 0 ? next : expected.findIndex(canBe);
}

function isElsewhere({ shown }: Expected): boolean {
  return shown?.isElsewhere === true;
}

function toKey(raw: string, end: PieceEnd): string {
  return end[0]! + toText(raw);
}

function toEnding(key: string): string {
  return key[0]! + key.slice(1).slice(-ENDING_LENGTH);
}

/** The text without its last characters, which may have colours between them. */
function cutOff(raw: string, length: number): string {
  return (raw.includes('\x1b') ? toText(raw) : raw.replace(/\r{1,8}$/, '')).slice(0, -length);
}
