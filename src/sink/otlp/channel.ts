import { encodeProtobuf } from '../../otlp/protobuf/encode.ts';
import { BackOff } from '../back-off.ts';
import { FIRST_BYTES } from './grain.ts';
import { HttpClient } from './http-client.ts';
import { DEFAULT_PROTOCOL, toShownUrl } from './settings.ts';
import type { Protocol, SignalSettings } from './settings.ts';
import { toEnvelopeEnds } from './signal.ts';
import { toVerdict } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import { WordMask } from './word-mask.ts';

/** How often a backend may fail (500) on the same data before the data is suspected. */
const MAX_FAULTS = 3;
/** How often somebody's correction of what blocks is looked for. */
const BLOCKED_MS = 60_000;

/** What became of a request, once this side has drawn its conclusions. */
export type Sent =
  | Extract<Verdict, { type: 'accepted' | 'refused' }>
  | {
      readonly type: 'wait';
      readonly atMs: number;
      readonly reason: string;
      /** Whether the backend said so, and may take less at once. */
      readonly isAnswered: boolean;
    }
  | {
      readonly type: 'blocked';
      readonly atMs: number;
      readonly reason: string;
      readonly isMissing: boolean;
    };

/** The way to one signal's address, shared by all runs that go there: what it knows of the backend holds for all. */
export class Channel {
  readonly settings: SignalSettings;
  readonly #client: HttpClient;
  readonly #backOff = new BackOff();
  readonly #mask: WordMask;
  #protocol: Protocol;
  #faultCount = 0;
  #blocked: (Sent & { type: 'blocked' }) | undefined;
  /** Whether anything was ever accepted. */
  hasAccepted = false;

  constructor(settings: SignalSettings) {
    this.settings = settings;
    this.#client = new HttpClient(settings);
    this.#mask = new WordMask(settings);
    this.#protocol = settings.protocol ?? DEFAULT_PROTOCOL;
  }

  /**
   * What one request may carry of the run directory. Some backends (Loki) take no more than four megabytes; what has to be
   * encoded is read into objects, of which a megabyte makes a lot.
   */
  get mostBytes(): number {
    return this.#protocol === 'http/json' ? 4 * FIRST_BYTES : FIRST_BYTES;
  }

  get address(): string {
    return toShownUrl(this.settings.url);
  }

  /** Why nothing may be sent now; `undefined` when it may. */
  get hindrance(): Extract<Sent, { type: 'wait' | 'blocked' }> | undefined {
    if (this.#blocked !== undefined && this.#blocked.atMs > Date.now()) return this.#blocked;
    const waiting = this.#backOff.waiting;
    return waiting === undefined ? undefined : { type: 'wait', ...waiting, isAnswered: false };
  }

  /** Why it failed the last time, until something is accepted. */
  get problem(): string | undefined {
    return this.#blocked?.reason ?? this.#backOff.problem;
  }

  /** Sends an OTLP/JSON envelope that lies in pieces. */
  async send(pieces: readonly Buffer[], signal: AbortSignal): Promise<Sent> {
    const verdict = await this.#post(pieces, signal);
    if (verdict.type === 'other-protocol' && this.settings.protocol === undefined) {
      this.#protocol = this.#protocol === 'http/json' ? 'http/protobuf' : 'http/json';
      const second = await this.#post(pieces, signal);
      if (second.type !== 'other-protocol') return this.#conclude(second, signal);
      this.#protocol = DEFAULT_PROTOCOL;
    }
    return this.#conclude(verdict, signal);
  }

  /** Whether the backend takes an envelope with nothing in it: then it is what was in the others that it refused. */
  async takesNothing(signal: AbortSignal): Promise<Verdict> {
    const { head, tail } = toEnvelopeEnds(this.settings.signal);
    return this.#post([head, tail], signal);
  }

  /** Somebody has to change something: nothing is tried for a while. */
  block(reason: string, isMissing = false): Sent & { type: 'blocked' } {
    const atMs = Date.now() + BLOCKED_MS;
    this.#blocked = { type: 'blocked', atMs, reason, isMissing };
    return this.#blocked;
  }

  close(): void {
    this.#client.close();
  }

  async #post(pieces: readonly Buffer[], signal: AbortSignal): Promise<Verdict> {
    const isJson = this.#protocol === 'http/json';
    const contentType = isJson ? 'application/json' : 'application/x-protobuf';
    const body = isJson ? pieces : this.#toProtobuf(pieces);
    if (body === undefined) return { type: 'refused', status: 0, reason: "isn't OTLP/JSON" };
    const answer = await this.#client.post(body, { contentType, signal });
    return this.#mask.apply(toVerdict(answer, this.settings.signal));
  }

  /** `undefined` when it can't be said in protobuf: it is taken apart like what a backend refuses. */
  #toProtobuf(pieces: readonly Buffer[]): readonly Buffer[] | undefined {
    try {
      const envelope: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
      return [encodeProtobuf(envelope, this.settings.signal.request)];
    } catch {
      return undefined;
    }
  }

  #conclude(verdict: Verdict, signal: AbortSignal): Sent {
    switch (verdict.type) {
      case 'accepted':
        this.hasAccepted = true;
        this.#faultCount = 0;
        this.#blocked = undefined;
        this.#backOff.succeed();
        return verdict;
      case 'refused':
        this.#faultCount = 0;
        return verdict;
      case 'later':
        return this.#delay(verdict, signal);
      default:
        return this.block(verdict.reason, verdict.type === 'blocked' && verdict.isMissing);
    }
  }

  #delay(verdict: Verdict & { type: 'later' }, signal: AbortSignal): Sent {
    const { reason, afterMs, isPerhapsContent, isAnswered } = verdict;
    // Our own end says nothing about the backend.
    if (signal.aborted)
      return { type: 'wait', atMs: Date.now(), reason: 'no time was left', isAnswered: false };
    this.#faultCount = isPerhapsContent ? this.#faultCount + 1 : 0;
    const waiting = this.#backOff.fail(reason, afterMs);
    if (this.#faultCount < MAX_FAULTS) return { type: 'wait', ...waiting, isAnswered };
    this.#faultCount = 0;
    return { type: 'refused', status: 500, reason };
  }
}
