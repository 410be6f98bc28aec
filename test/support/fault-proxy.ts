import { createServer, request as forward } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toTlsServer } from './certificate.ts';
import type { Certificate } from './certificate.ts';

/** What becomes of a request instead of an answer; `undefined`: it goes on to the server behind. */
export type Fault =
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Nobody answers. */
  | 'hang'
  /** The server does what it is asked, and the answer is lost. */
  | 'lose-answer'
  | undefined;

/** A proxy in front of a real server, that does to chosen requests what networks and busy servers do. */
export interface FaultProxy {
  readonly url: string;
  /** Method and path of every request, in order. */
  readonly requests: string[];
  fault: (request: IncomingMessage, index: number) => Fault;
  close(): Promise<void>;
}

/** With a certificate it speaks TLS, and only with those who show that certificate. */
export async function startFaultProxy(
  target: string,
  certificate?: Certificate,
): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const requests: string[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url!.split('?')[0]}`);
    const fault = proxy.fault(request, requests.length - 1);
    if (fault === 'hang') return;
    if (fault === undefined || fault === 'lose-answer') {
      pass(request, response, { hostname, port, isLost: fault === 'lose-answer' });
      return;
    }
    request.resume();
    response.writeHead(fault.status, fault.headers).end(fault.body ?? 'in the way');
  };
  const server =
    certificate === undefined
      ? createServer(onRequest)
      : createTlsServer(toTlsServer(certificate), onRequest);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FaultProxy = {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fault: () => undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  to: { hostname: string; port: string; isLost: boolean },
): void {
  const { method, url, headers } = request;
  const onward = forward(
    { hostname: to.hostname, port: to.port, method, path: url, headers },
    (answer) => {
      if (to.isLost) {
        answer.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
