import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULT_CONFIG } from '../../../src/config/defaults.ts';
import type { Config } from '../../../src/config/sections.ts';
import type { Delivery, Destination, StepOutcome } from '../../../src/sink/destination.ts';
import { createDestinations } from '../../../src/sink/registry.ts';
import { decodeProtobuf } from '../../../src/otlp/protobuf/decode.ts';
import {
  LOGS_REQUEST,
  METRICS_REQUEST,
  TRACES_REQUEST,
} from '../../../src/otlp/protobuf/schema.ts';
import { toCursorPath } from '../../../src/spool/cursor-file.ts';
import { FILE } from '../../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../../src/spool/signal-reader.ts';
import { OtlpServer } from '../../support/otlp-server.ts';
import type { OtlpRequest } from '../../support/otlp-server.ts';
import { createTemporaryDir } from '../../support/temporary.ts';
import { makeRun } from '../../view/support/make-run.ts';

const NEVER = new AbortController().signal;
const POISON = 'poisoned';
const SCHEMAS: Readonly<Record<string, typeof LOGS_REQUEST>> = {
  '/v1/logs': LOGS_REQUEST,
  '/v1/traces': TRACES_REQUEST,
  '/v1/metrics': METRICS_REQUEST,
};

// Waiting is a leap of the clock.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

interface Place {
  readonly server: OtlpServer;
  readonly destination: Destination;
  readonly runDir: string;
  readonly uids: readonly string[];
  readonly spanIds: readonly string[];
  readonly delivery: Delivery;
  readonly open: () => Delivery;
}

interface SetUpOptions {
  readonly lines?: readonly string[];
  readonly config?: Config['export'][string];
  readonly env?: NodeJS.ProcessEnv;
}

async function setUp({
  lines = numbered(64),
  config = {},
  env,
}: SetUpOptions = {}): Promise<Place> {
  const server = await OtlpServer.start();
  const { runDir, info } = makeRun({
    home: createTemporaryDir(),
    entries: (run) => [
      ...run.stage('train', [100, 9000]),
      ...lines.map((line, index) => run.log(500 + index, line, { span: run.stageId('train') })),
    ],
  });
  const context = {
    config: {
      ...DEFAULT_CONFIG,
      export:
        env === undefined ? { backend: { endpoint: server.url, timeout: 500, ...config } } : {},
    },
    env: env ?? {},
    folder: runDir,
  };
  const [destination] = await createDestinations(context, (fault) => {
    throw fault;
  });
  onTestFinished(() => destination!.close());
  const open = (): Delivery => {
    const delivery = destination!.open({ runDir, info });
    onTestFinished(() => delivery.close());
    return delivery;
  };
  return {
    server,
    destination: destination!,
    runDir,
    uids: [...readRecords(join(runDir, FILE.logs))].map(({ attributes }) =>
      String(attributes['log.record.uid']),
    ),
    spanIds: [...readSpans(join(runDir, FILE.traces))].map(({ spanId }) => spanId),
    delivery: open(),
    open,
  };
}

function numbered(count: number, poisoned: readonly number[] = []): string[] {
  return Array.from(
    { length: count },
    (_, index) => `line ${index}${poisoned.includes(index) ? ` ${POISON}` : ''}`,
  );
}

async function drain(delivery: Delivery, maxSteps = 3000): Promise<StepOutcome> {
  for (let steps = 0; steps < maxSteps; steps += 1) {
    const outcome = await delivery.step(NEVER);
    if (outcome.type === 'wait') vi.setSystemTime(Math.max(Date.now(), outcome.atMs));
    else if (outcome.type !== 'sent') return outcome;
  }
  throw new Error(`no end after ${maxSteps} steps`);
}

const isPoisoned = ({ body }: OtlpRequest): boolean => body.includes(POISON);

describe('what a backend refuses', () => {
  test.each([
    { title: 'one record', poisoned: [17] },
    { title: 'the first and the last', poisoned: [0, 63] },
    { title: 'several in a row', poisoned: [20, 21, 22, 23, 24, 25, 26, 27, 28, 29] },
    { title: 'every one', poisoned: Array.from({ length: 64 }, (_, index) => index) },
  ])(
    '$title: it is found, set aside alone and named, all others arrive once',
    async ({ poisoned }) => {
      const { server, delivery, uids } = await setUp({ lines: numbered(64, poisoned) });
      server.behave = (request, response) => {
        if (!isPoisoned(request)) return true;
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end('{"code":3,"message":"no such thing"}');
        return false;
      };
      expect(await drain(delivery)).toEqual({ type: 'done' });
      const { refused, refusedCount, pendingBytes } = delivery.status();
      expect(pendingBytes).toBe(0);
      expect(refusedCount).toBe(poisoned.length);
      expect(refused.map(({ what }) => /"line (\d+)/.exec(what)?.[1])).toEqual(
        poisoned.map(String),
      );
      expect(refused[0]).toMatchObject({
        reason: '400 no such thing',
        what: expect.stringContaining('of stage train') as string,
      });
      expect(new Set(server.uids).size).toBe(server.uids.length);
      expect(server.uids).toHaveLength(uids.length - poisoned.length);
    },
  );

  test('a record that brings the backend down (500) is found too, in time', async () => {
    const { server, delivery, uids } = await setUp({ lines: numbered(64, [40]) });
    server.behave = (request, response) => {
      if (!isPoisoned(request)) return true;
      response.writeHead(500).end('panic');
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(delivery.status().refused).toEqual([
      { what: expect.stringContaining('line 40') as string, reason: '500 panic' },
    ]);
    expect(server.uids).toHaveLength(uids.length - 1);
  });

  test.each([400, 500])(
    'when it refuses everything (%i) nothing is set aside, and all arrives when it has come to itself',
    async (status) => {
      const { server, delivery, uids } = await setUp();
      server.behave = (_request, response) => {
        response.writeHead(status).end('no');
        return false;
      };
      const outcomes: StepOutcome['type'][] = [];
      for (let steps = 0; steps < 200; steps += 1) {
        const outcome = await delivery.step(NEVER);
        outcomes.push(outcome.type);
        if (outcome.type === 'wait') vi.setSystemTime(Math.max(Date.now(), outcome.atMs));
        if (outcome.type === 'blocked') vi.setSystemTime(Date.now() + 61_000);
      }
      expect(outcomes).toContain(status === 400 ? 'blocked' : 'wait');
      expect(delivery.status().refusedCount).toBe(0);
      server.behave = () => true;
      vi.setSystemTime(Date.now() + 61_000);
      expect(await drain(delivery)).toEqual({ type: 'done' });
      expect(server.uids.toSorted()).toEqual(uids.toSorted());
    },
  );

  test('what is too much at once goes in smaller pieces, what is too large alone is set aside', async () => {
    const { server, delivery, uids } = await setUp({
      lines: [...numbered(64), 'x'.repeat(50_000)],
    });
    server.behave = (request, response) => {
      if (request.body.length < 20_000) return true;
      response.writeHead(413).end();
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(delivery.status().refused).toEqual([
      { what: expect.stringContaining('xxx') as string, reason: '413' },
    ]);
    expect(new Set(server.uids).size).toBe(uids.length - 1);
    expect(server.uids).toHaveLength(uids.length - 1);
  });

  test('what was set aside is in the cursor, at most a hundred of them in words', async () => {
    const all = Array.from({ length: 150 }, (_, index) => index);
    const { server, delivery, open } = await setUp({ lines: numbered(150, all) });
    server.behave = (request, response) => {
      if (!isPoisoned(request)) return true;
      response.writeHead(400).end(`words `.repeat(1000));
      return false;
    };
    await drain(delivery);
    const { refused, refusedCount } = open().status();
    expect(refusedCount).toBe(150);
    expect(refused).toHaveLength(100);
    expect(refused[0]!.reason.length).toBeLessThan(400);
  });

  test('a partial success is kept with its count and its words, in either encoding, and nothing is sent again', async () => {
    const { server, delivery, uids } = await setUp();
    server.behave = (request, response) => {
      if (request.path === '/v1/metrics') return true;
      server.accept(request);
      if (request.path === '/v1/logs') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}');
      } else {
        response.writeHead(200, { 'content-type': 'application/x-protobuf' });
        response.end(Buffer.from('\x0a\x08\x08\x01\x12\x04busy', 'latin1'));
      }
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    const { refused, refusedCount } = delivery.status();
    expect(refusedCount).toBe(4);
    expect(refused).toEqual(
      expect.arrayContaining([
        { what: "3 log records, it doesn't say which", reason: 'too old' },
        { what: "1 span, it doesn't say which", reason: 'busy' },
      ]),
    );
    expect(server.uids).toEqual(uids);
  });
});

test.each([429, 503])(
  'a backend that puts off what is too much at once (%i) gets it in smaller pieces',
  async (status) => {
    const { server, delivery, uids } = await setUp({ lines: numbered(64) });
    server.behave = (request, response) => {
      if (request.body.length < 5000) return true;
      response.writeHead(status).end('too much');
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(delivery.status().refusedCount).toBe(0);
    expect(server.uids).toEqual(uids);
    // It isn't asked again and again for what it has put off before.
    expect(server.requests.length).toBeLessThan(40);
  },
);

describe('what a backend does instead of an answer', () => {
  test('an answer that breaks off behind its 200 counts: what was taken is not sent twice', async () => {
    const { server, delivery, uids } = await setUp();
    server.behave = (request, response) => {
      server.accept(request);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"partial', () => response.destroy());
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(server.uids).toEqual(uids);
  });

  test('a Retry-After that is a date', async () => {
    const { server, delivery } = await setUp();
    const date = new Date(Date.now() + 90_000);
    server.behave = (_request, response) => {
      response.writeHead(503, { 'retry-after': date.toUTCString() }).end();
      return false;
    };
    const outcome = await delivery.step(NEVER);
    expect(outcome).toMatchObject({ type: 'wait', atMs: Math.floor(date.getTime() / 1000) * 1000 });
  });

  test('a redirect is not followed: credentials stay where they belong', async () => {
    const other = await OtlpServer.start();
    const { server, delivery } = await setUp({
      config: { headers: { authorization: 'Bearer the-token-itself' } },
    });
    server.behave = (_request, response) => {
      response.writeHead(307, { location: `${other.url}/v1/logs?token=the-token` }).end();
      return false;
    };
    const outcome = await drain(delivery);
    expect(outcome).toMatchObject({
      type: 'blocked',
      reason: expect.stringContaining(`sends us on to ${other.url}/v1/logs;`) as string,
    });
    expect(other.requests).toEqual([]);
  });

  test('words that echo a token are kept without it', async () => {
    const { server, delivery, runDir, destination } = await setUp({
      config: { headers: { authorization: 'Bearer the-token-itself', 'x-key': 'another-key' } },
    });
    server.behave = ({ headers }, response) => {
      response.writeHead(401).end(`unknown: ${headers.authorization} ${String(headers['x-key'])}`);
      return false;
    };
    const outcome = await drain(delivery);
    expect(outcome).toMatchObject({ type: 'blocked' });
    const kept = JSON.stringify([
      outcome,
      delivery.status(),
      readFileSync(toCursorPath(runDir, destination.name), 'utf8'),
    ]);
    expect(kept).not.toMatch(/the-token-itself|another-key/);
    expect(kept).toContain('401 unknown');
  });

  test('a port that speaks something else is told from a backend that is down', async () => {
    const { delivery } = await setUp({
      config: { endpoint: `http://127.0.0.1:${await startGreeter()}` },
    });
    expect(await delivery.step(NEVER)).toMatchObject({
      type: 'wait',
      reason: expect.stringContaining('4318') as string,
    });
  });
});

/** A server that greets, as SSH and gRPC do, instead of waiting for a request. */
async function startGreeter(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('\0\0\0 not HTTP at all\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('a backend of one signal', () => {
  test('has nothing at the addresses of the others: that is said, and nothing is left to send', async () => {
    const { server, delivery, spanIds, open } = await setUp();
    server.behave = ({ path }, response) => {
      if (path === '/v1/traces') return true;
      response.writeHead(404).end();
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(server.spanIds).toEqual(spanIds);
    expect(open().status()).toMatchObject({
      pendingBytes: 0,
      notes: [expect.stringContaining('it takes no logs: 404') as string],
    });
  });

  test('that was asked for the others has a fault', async () => {
    const { server, delivery } = await setUp({ config: { signals: ['traces', 'logs'] } });
    server.behave = ({ path }, response) => {
      if (path === '/v1/traces') return true;
      response.writeHead(404).end();
      return false;
    };
    expect(await drain(delivery)).toMatchObject({ type: 'blocked' });
    expect(delivery.status().pendingBytes).toBeGreaterThan(0);
  });

  test('one signal that waits holds back no other', async () => {
    const { server, delivery, spanIds } = await setUp();
    server.behave = ({ path }, response) => {
      if (path === '/v1/traces') return true;
      response.writeHead(503, { 'retry-after': '60' }).end();
      return false;
    };
    for (let steps = 0; steps < 5; steps += 1) await delivery.step(NEVER);
    expect(server.spanIds).toEqual(spanIds);
  });
});

describe('protocols', () => {
  test('protobuf says the same as JSON', async () => {
    const { server, delivery, uids, spanIds } = await setUp({
      config: { protocol: 'http/protobuf', compression: 'gzip' },
    });
    const envelopes: unknown[] = [];
    server.behave = ({ path, body, headers }, response) => {
      expect(headers['content-type']).toBe('application/x-protobuf');
      envelopes.push(decodeProtobuf(body, SCHEMAS[path]!));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      return false;
    };
    expect(await drain(delivery)).toEqual({ type: 'done' });
    const text = JSON.stringify(envelopes);
    for (const key of [...uids, ...spanIds]) expect(text).toContain(`"${key}"`);
  });

  test('a backend that takes no JSON gets protobuf, unless JSON was asked for', async () => {
    const refuseJson = (server: OtlpServer): void => {
      server.behave = ({ headers }, response) => {
        response.writeHead(headers['content-type'] === 'application/json' ? 415 : 200).end();
        return false;
      };
    };
    const place = await setUp();
    refuseJson(place.server);
    expect(await drain(place.delivery)).toEqual({ type: 'done' });
    expect(
      place.server.requests.filter(({ headers }) => headers['content-type'] === 'application/json'),
    ).toHaveLength(3);
    const asked = await setUp({ config: { protocol: 'http/json' } });
    refuseJson(asked.server);
    expect(await drain(asked.delivery)).toMatchObject({
      type: 'blocked',
      reason: expect.stringContaining('415') as string,
    });
  });

  test('gzip, where it is asked for', async () => {
    const { server, delivery, uids } = await setUp({ config: { compression: 'gzip' } });
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(server.uids).toEqual(uids);
    expect(server.requests.every(({ headers }) => headers['content-encoding'] === 'gzip')).toBe(
      true,
    );
  });
});

describe('a run directory that was tampered with', () => {
  test('lines that are no OTLP are left out and told, the others arrive', async () => {
    const { server, runDir, open, uids } = await setUp();
    appendFileSync(
      join(runDir, FILE.logs),
      'garbage\n{"resourceLogs":[{"resource":{}}]}\n{"resourceSpans":[]}\n',
    );
    server.behave = ({ body }, response) => {
      if (!body.includes('"resource":{}')) return true;
      response.writeHead(400).end('bad');
      return false;
    };
    const delivery = open();
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(server.uids).toEqual(uids);
    expect(delivery.status().refusedCount).toBe(3);
  });

  test.each([
    'not JSON',
    '[]',
    '{"signals":{"logs":{"offset":-1,"item":"x"}}}',
    '{"signals":{"logs":{"offset":99999999999,"item":0}}}',
    '{"signals":{"logs":{"offset":7,"item":0}}}',
  ])('a cursor that makes no sense begins at the beginning: %s', async (text) => {
    const { server, runDir, destination, open, uids } = await setUp();
    mkdirSync(join(runDir, FILE.cursor), { recursive: true });
    writeFileSync(toCursorPath(runDir, destination.name), text);
    expect(await drain(open())).toEqual({ type: 'done' });
    expect(server.uids).toEqual(uids);
  });

  test('a torn last line is not sent, and holds up nothing', async () => {
    const { server, runDir, open, uids } = await setUp();
    const path = join(runDir, FILE.logs);
    const whole = readFileSync(path);
    appendFileSync(path, whole.subarray(0, 100));
    const delivery = open();
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(server.uids).toEqual(uids);
    truncateSync(path, whole.length);
    expect(delivery.status().pendingBytes).toBe(0);
  });

  test('while the cursor cannot be written nothing more is sent; then it goes on where it was', async () => {
    const { server, runDir, destination, delivery, uids } = await setUp();
    mkdirSync(`${toCursorPath(runDir, destination.name)}.new`, { recursive: true });
    for (let steps = 0; steps < 5; steps += 1) {
      expect(await delivery.step(NEVER)).toMatchObject({
        type: 'wait',
        reason: expect.stringContaining('EISDIR') as string,
      });
    }
    expect(server.requests).toEqual([]);
    rmdirSync(`${toCursorPath(runDir, destination.name)}.new`);
    expect(await drain(delivery)).toEqual({ type: 'done' });
    expect(server.uids).toEqual(uids);
  });
});
