import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { RefusedRequest } from './refused-request.ts';

/**
 * A request's body, unpacked: gzip packs a thousandfold what was made for it. The SDKs send 512 spans or records at a time,
 * a Collector 8192, which are far less.
 */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * A request's body, unpacked as it comes.
 * @throws {RefusedRequest} when it is too large, or isn't packed as it says
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const encoding = request.headers['content-encoding'];
  const unpacked = unpack(request, encoding);
  try {
    // Who is refused is told so: the connection, which goes with the request, has to stay.
    for await (const chunk of unpacked.iterator({ destroyOnReturn: false })) {
      length += (chunk as Buffer).length;
      if (length > MAX_BODY_BYTES)
        throw new RefusedRequest(
          413,
          `a request's body is at most ${MAX_BODY_BYTES} bytes, unpacked`,
        );
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    const isUnpacked = !String((error as NodeJS.ErrnoException).code).startsWith('Z_');
    throw isUnpacked ? error : new RefusedRequest(400, `the body isn't ${encoding}`);
  } finally {
    if (unpacked !== request) unpacked.destroy();
    // What is left of it is thrown away, and not only by the end of the connection.
    request.unpipe();
    request.resume();
  }
  return Buffer.concat(chunks);
}

function unpack(request: IncomingMessage, encoding = 'identity'): Readable {
  if (encoding === 'identity' || encoding === '') return request;
  if (encoding !== 'gzip' && encoding !== 'deflate')
    throw new RefusedRequest(415, `content-encoding is gzip, deflate or identity, not ${encoding}`);
  const unpacker = encoding === 'gzip' ? createGunzip() : createInflate();
  request.once('error', (error) => unpacker.destroy(error));
  return request.pipe(unpacker);
}
