import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Delivery, Destination, StepOutcome } from '../../src/sink/destination.ts';
import { DESTINATION_KINDS } from '../../src/sink/registry.ts';
import { toCursorPath } from '../../src/spool/cursor-file.ts';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { OtlpServer } from '../support/otlp-server.ts';
import type { Behaviour } from '../support/otlp-server.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { makeRun } from '../view/support/make-run.ts';
import { HARNESSES, createDestination } from './harness.ts';
import type { Harness } from './harness.ts';

test('every kind of destination is held to this', () => {
  expect(HARNESSES.map(({ kind }) => kind)).toEqual([...DESTINATION_KINDS]);
});

const NEVER = new AbortController().signal;
const TIMEOUT_MS = 500;

describe.each(HARNESSES)('$kind', (harness) => {
  test('brings all of a run, once', async () => {
    const place = await setUp(harness);
    expect(await drain(place.open())).toBe('done');
    expect(place.received.toSorted()).toEqual(place.keys);
    expect(await drain(place.open())).toBe('done');
    expect(place.received).toHaveLength(place.keys.length);
  });

  test('brings the same again when it is told to', async () => {
    const place = await setUp(harness);
    await drain(place.open());
    const first = [...place.received];
    const delivery = place.open();
    delivery.restart();
    await drain(delivery);
    expect(place.received.slice(first.length).toSorted()).toEqual(first.toSorted());
  });

  test('waits for as long as a 429 says, and tries nothing meanwhile', async () => {
    const place = await setUp(harness);
    place.misbehave((_request, response) => {
      response.writeHead(429, { 'retry-after': '120' }).end();
      return false;
    });
    const delivery = place.open();
    const outcome = await stepUntil(delivery, 'wait');
    expect(outcome.atMs - Date.now()).toBeGreaterThan(110_000);
    expect(outcome.atMs - Date.now()).toBeLessThan(121_000);
    const asked = place.server.requests.length;
    expect((await delivery.step(NEVER)).type).toBe('wait');
    expect(place.server.requests).toHaveLength(asked);
    expect(delivery.status().pendingBytes).toBeGreaterThan(0);
    expect(delivery.status().problem).toContain('429');
  });

  test.each<[string, Behaviour]>([
    ['a 429 that says to come back in a second', answerOnce(429, { 'retry-after': '1' })],
    ['a 500', answerOnce(500)],
    ['a 503', answerOnce(503)],
    ['a connection that is closed before an answer', (_request, { socket }) => !socket?.destroy()],
    ['no answer at all', () => false],
  ])('brings all of a run past %s', async (_title, behave) => {
    const place = await setUp(harness);
    let left = 1;
    place.misbehave((request, response) => (left-- > 0 ? behave(request, response) : true));
    expect(await drain(place.open())).toBe('done');
    expect([...new Set(place.received)].toSorted()).toEqual(place.keys);
  });

  test('ends at once when it is told to, in the middle of a hang too', async () => {
    const place = await setUp(harness, { timeoutMs: 60_000 });
    place.misbehave(() => false);
    const stop = new AbortController();
    const step = place.open().step(stop.signal);
    while (place.server.requests.length === 0) await sleep(10);
    const fromMs = Date.now();
    stop.abort();
    await step;
    expect(Date.now() - fromMs).toBeLessThan(2000);
  });

  test('never throws, whatever becomes of the run directory', async () => {
    const place = await setUp(harness);
    const delivery = place.open();
    rmSync(place.runDir, { recursive: true });
    await expect(delivery.step(NEVER)).resolves.toBeDefined();
  });

  test('keeps what it remembers from others', async () => {
    const place = await setUp(harness);
    await drain(place.open());
    const cursor = toCursorPath(place.runDir, place.destination.name);
    expect(statSync(cursor).mode & 0o077).toBe(0);
    expect(statSync(join(place.runDir, FILE.cursor)).mode & 0o077).toBe(0);
  });

  test('an address shows no credentials', async () => {
    const destination = await createDestination(harness, {
      url: 'http://user:the-password@127.0.0.1:1/?token=the-token',
      timeoutMs: TIMEOUT_MS,
    });
    expect(destination.address).not.toContain('the-');
    expect(destination.address).toContain('127.0.0.1:1');
  });
});

interface Place {
  readonly server: OtlpServer;
  readonly destination: Destination;
  readonly runDir: string;
  /** All that the run has, sorted. */
  readonly keys: readonly string[];
  /** What the backend took, in order. */
  readonly received: string[];
  readonly open: () => Delivery;
  /** Asked before each request: `true` to let the backend do what is right. */
  misbehave(behave: Behaviour): void;
}

/** A run with a stage, a study and some records, and a backend for it. */
async function setUp(harness: Harness, { timeoutMs = TIMEOUT_MS } = {}): Promise<Place> {
  const server = await OtlpServer.start();
  const { runDir, info } = makeRun({
    home: createTemporaryDir(),
    entries: (run) => [
      ...run.stage('train', [100, 9000]),
      ...run.study('search', { stage: 'train', fromMs: 200, values: [0.5, undefined] }),
      ...Array.from({ length: 50 }, (_, index) =>
        run.log(500 + index, `line ${index}`, { span: run.stageId('train') }),
      ),
    ],
  });
  const received: string[] = [];
  let misbehaviour: Behaviour = () => true;
  server.behave = async (request, response) => {
    if (!(await misbehaviour(request, response))) return false;
    received.push(...harness.readKeys(request));
    harness.answer(request, response);
    return false;
  };
  const destination = await createDestination(harness, { url: server.url, timeoutMs });
  onTestFinished(() => destination.close());
  const uids = [...readRecords(join(runDir, FILE.logs))].map(({ attributes }) =>
    String(attributes['log.record.uid']),
  );
  const spanIds = [...readSpans(join(runDir, FILE.traces))].map(({ spanId }) => spanId);
  return {
    server,
    destination,
    runDir,
    keys: harness.toKeys({ uids, spanIds }).toSorted(),
    received,
    open: () => {
      const delivery = destination.open({ runDir, info });
      onTestFinished(() => delivery.close());
      return delivery;
    },
    misbehave: (behave) => (misbehaviour = behave),
  };
}

/** Steps, and waits where it is asked to, until nothing is left. */
async function drain(delivery: Delivery): Promise<StepOutcome['type']> {
  for (let steps = 0; steps < 1000; steps += 1) {
    const outcome = await delivery.step(NEVER);
    if (outcome.type === 'wait') await sleep(Math.max(1, outcome.atMs - Date.now()));
    else if (outcome.type !== 'sent') return outcome.type;
  }
  throw new Error('no end after 1000 steps');
}

async function stepUntil<Type extends StepOutcome['type']>(
  delivery: Delivery,
  type: Type,
): Promise<StepOutcome & { type: Type }> {
  for (let steps = 0; steps < 1000; steps += 1) {
    const outcome = await delivery.step(NEVER);
    if (outcome.type === type) return outcome as StepOutcome & { type: Type };
  }
  throw new Error(`never ${type}`);
}

function answerOnce(status: number, headers: Record<string, string> = {}): Behaviour {
  return (_request, response) => {
    response.writeHead(status, headers).end('words');
    return false;
  };
}
