import type { Json, RequestPart } from './request-part.ts';
import type { OtlpSignal } from './signal.ts';

/** A few of a request's items, as a request of their own. */
export interface RequestPiece {
  readonly json: Json;
  /** Resources, scopes and items that were looked at. */
  readonly partCount: number;
  /** Items that can't be read, and why the first of them can't. */
  readonly unreadableCount: number;
  readonly reason: string | undefined;
}

/** What is decoded at once: some hundred items as the SDKs make them. */
const MAX_BYTES = 256 * 1024;
const MAX_PARTS = 10_000;

/**
 * Takes a request to pieces, each decoded when it is its turn: objects take up to fifty times their bytes. An item that can't
 * be read, or is larger than `maxItemBytes`, takes none of the others along.
 * @throws where the bytes around the items aren't what they should be; the pieces before are good
 */
export function* readPieces(
  request: RequestPart,
  signal: OtlpSignal,
  maxItemBytes = Infinity,
): Generator<RequestPiece> {
  const piece = new PieceBuilder(signal, maxItemBytes);
  for (const resource of request.list(signal.resources)) {
    piece.openResource(resource);
    for (const scope of resource.list(signal.scopes)) {
      piece.openScope(scope);
      for (const item of scope.list(signal.items)) {
        piece.add(item);
        if (piece.isFull) yield piece.finish();
      }
      if (piece.isFull) yield piece.finish();
    }
    if (piece.isFull) yield piece.finish();
  }
  yield piece.finish();
}

/** What was read, or why it couldn't be. */
type Read = { readonly json: object } | { readonly reason: string };

interface OpenResource {
  readonly json: object;
  readonly scopes: object[];
}

class PieceBuilder {
  readonly #signal: OtlpSignal;
  readonly #maxItemBytes: number;
  #resource: Read = { json: {} };
  #scope: Read = { json: {} };
  /** Where the next item goes; `undefined` when its resource or its scope isn't in this piece yet. */
  #openResource: OpenResource | undefined;
  #openItems: object[] | undefined;
  #resources: object[] = [];
  #byteCount = 0;
  #partCount = 0;
  #unreadableCount = 0;
  #reason: string | undefined;

  constructor(signal: OtlpSignal, maxItemBytes: number) {
    this.#signal = signal;
    this.#maxItemBytes = maxItemBytes;
  }

  get isFull(): boolean {
    return this.#byteCount >= MAX_BYTES || this.#partCount >= MAX_PARTS;
  }

  openResource(part: RequestPart): void {
    this.#resource = tryTo(() => {
      const [resource, schemaUrl] = [part.read('resource'), part.read('schemaUrl')];
      return { resource, ...(schemaUrl !== undefined && { schemaUrl }) };
    });
    this.#openResource = this.#openItems = undefined;
    this.#partCount += 1;
  }

  openScope(part: RequestPart): void {
    this.#scope = tryTo(() => ({ scope: part.read('scope') }));
    this.#openItems = undefined;
    this.#partCount += 1;
  }

  add(part: RequestPart): void {
    this.#partCount += 1;
    this.#byteCount += part.byteCount;
    const [resource, scope] = [this.#resource, this.#scope];
    if ('reason' in resource) return this.#leaveOut(resource);
    if ('reason' in scope) return this.#leaveOut(scope);
    const item = this.#decode(part);
    if ('reason' in item) return this.#leaveOut(item);
    this.#openItems ??= this.#openList(resource.json, scope.json);
    this.#openItems.push(item.json);
  }

  finish(): RequestPiece {
    const piece = {
      json: { [this.#signal.resources]: this.#resources },
      partCount: this.#partCount,
      unreadableCount: this.#unreadableCount,
      reason: this.#reason,
    };
    this.#openResource = this.#openItems = this.#reason = undefined;
    this.#resources = [];
    this.#byteCount = this.#partCount = this.#unreadableCount = 0;
    return piece;
  }

  #decode(part: RequestPart): Read {
    if (part.byteCount > this.#maxItemBytes)
      return { reason: `it is larger than ${this.#maxItemBytes} bytes` };
    return tryTo(() => part.decode());
  }

  #openList(resource: object, scope: object): object[] {
    const items: object[] = [];
    if (this.#openResource === undefined) {
      this.#openResource = { json: resource, scopes: [] };
      this.#resources.push({ ...resource, [this.#signal.scopes]: this.#openResource.scopes });
    }
    this.#openResource.scopes.push({ ...scope, [this.#signal.items]: items });
    return items;
  }

  #leaveOut({ reason }: { readonly reason: string }): void {
    this.#unreadableCount += 1;
    this.#reason ??= reason;
  }
}

function tryTo(read: () => object): Read {
  try {
    return { json: read() };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
