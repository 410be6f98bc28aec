import type { Link } from '@opentelemetry/api';
import { ATTR } from '../model/attributes.ts';
import type { Attributes } from '../model/pipeline.ts';
import type { FirstError } from '../model/run-info.ts';
import { MASK, isSecretValue } from '../model/secrets.ts';
import type { SecretMasker } from '../model/secrets.ts';
import { SEVERITY } from '../model/severity.ts';
import type { UnixTime } from '../model/time.ts';
import { Counter } from './counts.ts';
import type { Emitter, LogDraft, Scope, SpanDraft } from './emitter.ts';

/** What an earlier, interrupted merge of the same run has already written. */
export interface Written {
  readonly uids: { has(uid: string): boolean };
  readonly spanIds: ReadonlySet<string>;
}

/** An event about to be recorded. */
export interface EventDraft {
  readonly scope: Scope;
  /** One of `EVENT`. */
  readonly name: string;
  readonly time: UnixTime;
  readonly body?: string;
  readonly attributes?: Attributes;
  readonly uid: string;
  /** `stagelight` when left out. */
  readonly logger?: string;
}

/** The last station before the files: masks, leaves out what is written already, counts. */
export class Recorder {
  readonly counter = new Counter();
  readonly #emitter: Emitter;
  readonly #masker: SecretMasker;
  readonly #written: Written | undefined;
  #firstError: FirstError | undefined;

  constructor(options: { emitter: Emitter; masker: SecretMasker; written?: Written | undefined }) {
    this.#emitter = options.emitter;
    this.#masker = options.masker;
    this.#written = options.written;
  }

  /** The first record at ERROR or above that has an exception, else the first at all. */
  get firstError(): FirstError | undefined {
    return this.#firstError;
  }

  /** Whether an earlier merge of the run was interrupted. */
  get continuesEarlier(): boolean {
    return this.#written !== undefined;
  }

  /** Whether that one has written a record. */
  hasWritten(uid: string): boolean {
    return this.#written?.uids.has(uid) === true;
  }

  createScope(spanId: string, stage: string | undefined, attributes?: Attributes): Scope {
    // A task's name may have been made of an address or a token.
    const name = stage === undefined ? undefined : this.#masker.mask(stage).text;
    return this.#emitter.createScope(spanId, name, attributes && this.#maskAttributes(attributes));
  }

  createForeignScope(traceId: string, spanId: string): Scope {
    return this.#emitter.createForeignScope(traceId, spanId);
  }

  /** OTLP/JSON with every text in it masked. */
  maskJson(value: unknown, depth = 0): unknown {
    if (depth > MAX_DEPTH) return undefined;
    if (typeof value === 'string') return this.#masker.mask(value).text;
    if (Array.isArray(value)) return value.map((item) => this.maskJson(item, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    const { key, value: held } = value as { key?: unknown; value?: { stringValue?: unknown } };
    const text = held?.stringValue;
    if (typeof key === 'string' && typeof text === 'string' && isSecretValue(key, text))
      return { key, value: { stringValue: MASK } };
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.maskJson(item, depth + 1)]),
    );
  }

  /** Adds an event: a log record with a name, that stagelight itself makes at a known time. */
  event(event: EventDraft): void {
    const { scope, name, time, body, attributes, uid, logger = 'stagelight' } = event;
    this.log({
      scope,
      logger,
      time,
      observed: time,
      severity: undefined,
      severityText: undefined,
      eventName: name,
      body,
      attributes: { ...attributes, [ATTR.uid]: uid },
      raw: undefined,
    });
  }

  log(draft: LogDraft): void {
    const masked = this.#maskLog(draft);
    const severity = draft.severity ?? 0;
    this.counter.record(severity);
    if (severity >= SEVERITY.error) this.#noteError(masked);
    if (this.hasWritten(String(draft.attributes[ATTR.uid]))) return;
    // What is read in a line has no names of ours.
    this.#emitter.log(draft.raw === undefined ? withoutShared(masked) : masked);
  }

  span(draft: SpanDraft): void {
    this.counter.spans += 1;
    if (this.#written?.spanIds.has(draft.spanId)) return;
    const attributes = this.#maskAttributes(draft.attributes);
    const message =
      draft.error?.message === undefined ? undefined : this.#masker.mask(draft.error.message).text;
    this.#emitter.span({
      ...draft,
      name: this.#masker.mask(draft.name).text,
      attributes,
      ...(draft.error && { error: { message } }),
      ...(draft.events && {
        events: draft.events.map((event) => ({
          ...event,
          attributes: this.#maskAttributes(event.attributes),
        })),
      }),
      ...(draft.links && {
        links: draft.links.map((link) => ({
          ...link,
          attributes: this.#maskAttributes((link.attributes ?? {}) as Attributes),
        })) as Link[],
      }),
    });
  }

  #maskLog(draft: LogDraft): LogDraft {
    const { raw } = draft;
    if (raw === undefined ? !this.#isSuspect(draft) : !this.#masker.mayHoldSecret(raw))
      return draft;
    const body = this.#masker.mask(draft.body ?? '');
    const original = this.#masker.mask(String(draft.attributes[ATTR.original] ?? ''));
    this.counter.masked += Math.max(body.count, original.count);
    return {
      ...draft,
      ...(draft.body !== undefined && { body: body.text }),
      attributes: this.#maskAttributes(draft.attributes),
    };
  }

  #isSuspect({ body, attributes }: LogDraft): boolean {
    if (body !== undefined && this.#masker.mayHoldSecret(body)) return true;
    for (const key in attributes) {
      const value = attributes[key];
      if (key === ATTR.uid) continue;
      if (typeof value === 'string' ? this.#masker.mayHoldSecret(value) : typeof value === 'object')
        return true;
      if (isSecretValue(key, String(value))) return true;
    }
    return false;
  }

  #maskAttributes(attributes: Attributes): Attributes {
    const masked: Attributes = {};
    for (const [key, value] of Object.entries(attributes))
      masked[key] = this.#maskAttribute(key, value);
    return masked;
  }

  #maskAttribute(key: string, value: Attributes[string]): Attributes[string] {
    if (isSecretValue(key, String(value))) return MASK;
    if (typeof value === 'string') return this.#masker.mask(value).text;
    if (value instanceof Uint8Array) return this.#maskBytes(value);
    if (!Array.isArray(value)) return value;
    return (value as (string | number)[]).map((item) =>
      typeof item === 'string' ? this.#masker.mask(item).text : item,
    ) as string[];
  }

  /** A raw line that isn't UTF-8. Secrets are ASCII, so it is masked as the bytes that it is. */
  #maskBytes(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes).toString('latin1');
    return Buffer.from(this.#masker.mask(text).text, 'latin1');
  }

  #noteError(draft: LogDraft): void {
    // What DVC says of a failure is told by its message; the trace is through DVC itself.
    const isDvc = draft.logger.startsWith('dvc.');
    const stack = isDvc ? undefined : draft.attributes[ATTR.exceptionStacktrace];
    if (
      this.#firstError !== undefined &&
      (this.#firstError.stack !== undefined || typeof stack !== 'string')
    )
      return;
    this.#firstError = {
      uid: draft.attributes[ATTR.uid] as string,
      ...(draft.scope.stage !== undefined && { stage: draft.scope.stage }),
      body: (draft.body ?? '').slice(0, MAX_ERROR_LENGTH),
      ...(typeof stack === 'string' && { stack: stack.slice(-MAX_ERROR_LENGTH) }),
    };
  }
}

const MAX_ERROR_LENGTH = 16 * 1024;
/** Nobody nests deeper but to see what breaks. */
const MAX_DEPTH = 100;

/** An attribute has one value: what the scope says of all its records isn't said once more by one of them. */
function withoutShared(draft: LogDraft): LogDraft {
  const { scope, attributes } = draft;
  for (const key in scope.attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    const own = Object.entries(attributes).filter(
      ([name]) => !Object.hasOwn(scope.attributes, name),
    );
    return { ...draft, attributes: Object.fromEntries(own) };
  }
  return draft;
}
