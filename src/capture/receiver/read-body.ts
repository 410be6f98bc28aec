import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { RefusedRequest } from './refused-request.ts';

/** The SDKs send 512 spans or records at a time: far less. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** What it may be unpacked: gzip packs a thousandfold what was made for it. */
export const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/**
 * A request's body, unpacked.
 * @throws {RefusedRequest} when it, or what it unpacks to, is too large, or isn't packed as it says
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES)
      throw new RefusedRequest(413, `a request holds at most ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return await unpack(Buffer.concat(chunks), request.headers['content-encoding']);
}

async function unpack(body: Buffer, encoding = 'identity'): Promise<Buffer> {
  if (encoding === 'identity' || encoding === '') return body;
  if (encoding !== 'gzip' && encoding !== 'deflate')
    throw new RefusedRequest(415, `content-encoding is gzip, deflate or identity, not ${encoding}`);
  try {
    return await unpackers[encoding](body, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new RefusedRequest(413, `a request unpacks to at most ${MAX_UNPACKED_BYTES} bytes`);
    throw new RefusedRequest(400, `the body isn't ${encoding}`);
  }
}
