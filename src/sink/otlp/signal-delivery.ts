import type { Channel, Sent } from './channel.ts';
import type { OtlpCursor, Position } from './cursor.ts';
import { START } from './cursor.ts';
import { describeItem } from './describe-item.ts';
import { Grain } from './grain.ts';
import { toEnvelopeEnds } from './signal.ts';
import type { Signal } from './signal.ts';
import type { SignalFile } from './signal-file.ts';
import { splitEnvelope } from './split-envelope.ts';
import type { EnvelopeItem } from './split-envelope.ts';

/** A part of a signal file that goes in one request. */
interface Part {
  readonly pieces: readonly Buffer[];
  /** Where the next one begins. */
  readonly end: Position;
  readonly lineCount: number;
  /** Lines between them that aren't OTLP, and aren't sent. */
  readonly brokenCount: number;
  /** The items, where a line is sent in pieces. */
  readonly items?: readonly EnvelopeItem[];
}

/** A single item that was refused. */
interface Suspect {
  readonly item: EnvelopeItem;
  readonly reason: string;
}

/** What a step of one signal came to. `empty`: nothing was there to send. */
export type SignalOutcome =
  | { readonly type: 'sent' | 'empty' }
  | Exclude<Sent, { type: 'accepted' | 'refused' }>;

const COMMA = Buffer.from(',');
/** How many single items may be refused one after the other with no sign that anything would be taken. */
const MAX_SUSPECTS = 16;

/** Sends one signal of a run, from where its cursor stands. */
export class SignalDelivery {
  readonly #channel: Channel;
  readonly #file: SignalFile;
  readonly #cursor: OtlpCursor;
  readonly #grain = new Grain();
  /** The line that is sent in pieces, taken apart. */
  #split:
    | { readonly offset: number; readonly end: number; readonly items: EnvelopeItem[] }
    | undefined;
  /** Whether something was accepted since the last refusal that this process drew a conclusion from. */
  #hasProof = false;
  /**
   * Single items that were refused, without proof that it was because of what they are. They are passed over in
   * {@link #position}, not in the cursor; when something behind them is accepted each gets another chance.
   */
  #suspects: Suspect[] = [];
  /** How far it is, with the suspects passed over; the cursor's position without any. */
  #position: Position;

  constructor(options: { channel: Channel; file: SignalFile; cursor: OtlpCursor }) {
    this.#channel = options.channel;
    this.#file = options.file;
    this.#cursor = options.cursor;
    const saved = options.cursor.position(this.#signal.name);
    // A file that was replaced is sent again: better twice than not at all.
    this.#position = this.#file.isLineStart(saved.offset) ? saved : START;
  }

  get pendingBytes(): number {
    if (this.#cursor.absence(this.#signal.name) !== undefined) return 0;
    return Math.max(0, this.#file.size - this.#cursor.position(this.#signal.name).offset);
  }

  /** Why nothing is accepted at the moment, where that is so. */
  get problem(): string | undefined {
    return this.#channel.problem;
  }

  async step(signal: AbortSignal): Promise<SignalOutcome> {
    if (this.#cursor.absence(this.#signal.name) !== undefined) return { type: 'empty' };
    const isSuspicious = this.#suspects.length > 0;
    if (isSuspicious && this.#hasProof) return this.#judge(signal);
    const part = this.#next();
    if (part === undefined) return isSuspicious ? this.#judge(signal) : { type: 'empty' };
    const { hindrance } = this.#channel;
    if (hindrance !== undefined) return hindrance;
    const sent = await this.#channel.send(part.pieces, signal);
    if (sent.type === 'accepted') return this.#accept(part, sent);
    if (sent.type === 'refused') return this.#refuse(part, { ...sent, signal });
    if (sent.type === 'wait' && sent.isAnswered) {
      this.#grain.retreat({ lineCount: part.lineCount, itemCount: part.items?.length });
    }
    return sent;
  }

  /** Begins at the beginning again. */
  restart(): void {
    this.#suspects = [];
    this.#split = undefined;
    this.#position = START;
  }

  close(): void {
    this.#file.close();
  }

  get #signal(): Signal {
    return this.#channel.settings.signal;
  }

  #next(): Part | undefined {
    const { offset, item } = this.#position;
    if (item > 0) this.#grain.splitLine();
    if (!this.#grain.isWhole) return this.#nextItems();
    const piece = this.#file.read(offset, this.#grain);
    if (piece === undefined) return undefined;
    const { head, tail } = toEnvelopeEnds(this.#signal);
    const isEnvelope = (line: Buffer): boolean =>
      line.length >= head.length + tail.length &&
      line.subarray(0, head.length).equals(head) &&
      line.subarray(-tail.length).equals(tail);
    const lines = piece.lines.filter(isEnvelope);
    const brokenCount = piece.lines.length - lines.length;
    const inner = lines.flatMap((line, index) => [
      ...(index === 0 ? [] : [COMMA]),
      line.subarray(head.length, line.length - tail.length),
    ]);
    const end = { offset: piece.end, item: 0 };
    if (lines.length === 0) {
      this.#noteBrokenLines(brokenCount);
      this.#moveTo(end);
      return this.#next();
    }
    return { pieces: [head, ...inner, tail], end, lineCount: lines.length, brokenCount };
  }

  /** The next items of a line that is sent in pieces, of one scope. */
  #nextItems(): Part | undefined {
    const line = this.#splitLine();
    if (line === undefined) return undefined;
    const { item } = this.#position;
    const first = line.items[item];
    if (first === undefined) return this.#endLine(line.end);
    const most = Math.min(this.#grain.maxItems, Math.ceil(line.items.length / 2));
    const items = line.items
      .slice(item, item + Math.max(1, most))
      .filter(({ around }) => around === first.around);
    const bytes = items.flatMap((each, index) =>
      index === 0 ? [each.bytes] : [COMMA, each.bytes],
    );
    const next = item + items.length;
    const isLast = next >= line.items.length;
    return {
      pieces: [first.around.head, ...bytes, first.around.tail],
      end: isLast ? { offset: line.end, item: 0 } : { offset: this.#position.offset, item: next },
      lineCount: 1,
      brokenCount: 0,
      items,
    };
  }

  #splitLine(): { readonly end: number; readonly items: EnvelopeItem[] } | undefined {
    const { offset } = this.#position;
    if (this.#split?.offset === offset) return this.#split;
    const piece = this.#file.read(offset, { maxLines: 1, maxBytes: this.#grain.maxBytes });
    const line = piece?.lines[0];
    if (piece === undefined || line === undefined) return undefined;
    let items: EnvelopeItem[] = [];
    try {
      // A copy: the file's buffer is used again.
      items = splitEnvelope(Buffer.from(line), this.#signal);
    } catch {
      this.#noteBrokenLines(1);
    }
    this.#split = { offset, end: piece.end, items };
    return this.#split;
  }

  #endLine(end: number): Part | undefined {
    this.#moveTo({ offset: end, item: 0 });
    this.#grain.endLine();
    return this.#next();
  }

  #noteBrokenLines(count: number): void {
    const what = `${count === 1 ? 'a line' : `${count} lines`} of ${this.#signal.file} near byte ${this.#position.offset}`;
    this.#cursor.refuse({ what, reason: "isn't OTLP/JSON, and wasn't sent" }, count);
  }

  #accept(part: Part, sent: Sent & { type: 'accepted' }): SignalOutcome {
    this.#hasProof = true;
    if (sent.rejectedCount > 0) {
      const { rejectedCount, message } = sent;
      const plural = rejectedCount === 1 ? '' : 's';
      this.#cursor.refuse(
        {
          what: `${rejectedCount} ${this.#signal.item}${plural}, it doesn't say which`,
          reason: message,
        },
        rejectedCount,
      );
    }
    this.#grain.accept(this.#channel.mostBytes);
    this.#moveOn(part);
    return { type: 'sent' };
  }

  async #refuse(
    part: Part,
    refusal: { status: number; reason: string; signal: AbortSignal },
  ): Promise<SignalOutcome> {
    const { items } = part;
    const itemCount = items?.length;
    // Too large: what is sent next is no larger than what is taken.
    if (refusal.status === 413 && itemCount !== 1)
      this.#grain.retreat({ lineCount: part.lineCount, itemCount });
    else if (items === undefined) this.#grain.refuseLines(part.lineCount);
    else if (items.length > 1) this.#grain.refuseItems(items.length);
    else await this.#setAside(part, { ...refusal, item: items[0]! });
    return this.#suspects.length >= MAX_SUSPECTS ? this.#giveUp() : { type: 'sent' };
  }

  /** One item alone was refused: it is passed over, for good as soon as it is certain that others would be taken. */
  async #setAside(
    part: Part,
    refusal: { status: number; reason: string; signal: AbortSignal; item: EnvelopeItem },
  ): Promise<void> {
    const { status, reason, item } = refusal;
    const isCertain = this.#hasProof || status === 413 || (await this.#isAboutContent(refusal));
    this.#hasProof = false;
    if (isCertain) this.#condemn({ item, reason });
    else this.#suspects.push({ item, reason });
    this.#moveOn(part);
  }

  #condemn({ item, reason }: Suspect): void {
    this.#cursor.refuse({ what: describeItem(item.bytes, this.#signal), reason });
  }

  /**
   * Something was accepted behind the suspects, or nothing is behind them: the first of them is sent once more. Then it
   * is certain what it is, unless nothing shows that anything else would be taken.
   */
  async #judge(signal: AbortSignal): Promise<SignalOutcome> {
    const { hindrance } = this.#channel;
    if (hindrance !== undefined) return hindrance;
    const [suspect, ...others] = this.#suspects;
    const { around, bytes } = suspect!.item;
    const sent = await this.#channel.send([around.head, bytes, around.tail], signal);
    if (sent.type === 'wait' || sent.type === 'blocked') return sent;
    if (sent.type === 'refused' && !this.#hasProof) return this.#giveUp();
    if (sent.type === 'refused') this.#condemn(suspect!);
    else this.#hasProof = true;
    this.#suspects = others;
    this.#moveTo(this.#position);
    return { type: 'sent' };
  }

  /** Asked with an empty envelope: a backend that refuses that in the same way refuses everything. */
  async #isAboutContent({
    status,
    signal,
  }: {
    status: number;
    signal: AbortSignal;
  }): Promise<boolean> {
    const verdict = await this.#channel.takesNothing(signal);
    return verdict.type === 'accepted' || (verdict.type === 'refused' && verdict.status !== status);
  }

  /** It refuses whatever it is sent. Nothing is passed over; what was stays where it is. */
  #giveUp(): SignalOutcome {
    const { reason } = this.#suspects.at(-1)!;
    this.restart();
    this.#position = this.#cursor.position(this.#signal.name);
    return this.#channel.block(`it refuses everything: ${reason}`);
  }

  #moveOn({ end, brokenCount }: Part): void {
    if (brokenCount > 0) this.#noteBrokenLines(brokenCount);
    if (end.item === 0 && !this.#grain.isWhole) this.#grain.endLine();
    this.#moveTo(end);
  }

  #moveTo(position: Position): void {
    this.#position = position;
    if (this.#suspects.length === 0) this.#cursor.move(this.#signal.name, position);
  }
}
