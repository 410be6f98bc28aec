import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLines } from '../../spool/signal-reader.ts';
import type { RepairRequest, RepairResult } from '../destination.ts';
import { readItems } from '../item-key.ts';
import type { Channel } from './channel.ts';
import type { Signal } from './signal.ts';
import { splitEnvelope } from './split-envelope.ts';
import type { EnvelopeItem } from './split-envelope.ts';

const COMMA = Buffer.from(',');
const MAX_ITEMS = 200;

/** Sends single items of a run once more, from its files; the cursor stays where it is. */
export async function repairSignal(
  channel: Channel,
  request: RepairRequest,
): Promise<RepairResult> {
  const { signal } = channel.settings;
  let sentCount = 0;
  for (const { bytes } of readLines(join(request.run.runDir, signal.file))) {
    for (const items of chooseItems(bytes, { signal, request })) {
      const problem = await sendItems(channel, { items, request });
      if (problem !== undefined) return { sentCount, problem };
      sentCount += items.length;
    }
  }
  return { sentCount };
}

/** The missing items of a line, in pieces of one scope. */
function* chooseItems(
  line: Buffer,
  { signal, request }: { signal: Signal; request: RepairRequest },
): Generator<EnvelopeItem[]> {
  const { name } = signal;
  const isMissing = Array.from(readItems(line, name), ({ key }) => request.isMissing(name, key));
  if (!isMissing.includes(true)) return;
  const items = splitEnvelope(line, signal).filter((_item, index) => isMissing[index]);
  for (let from = 0; from < items.length;) {
    const { around } = items[from]!;
    const piece = items.slice(from, from + MAX_ITEMS).filter((item) => item.around === around);
    yield piece;
    from += piece.length;
  }
}

/** Gives why they weren't taken. */
async function sendItems(
  channel: Channel,
  { items, request }: { items: readonly EnvelopeItem[]; request: RepairRequest },
): Promise<string | undefined> {
  const { head, tail } = items[0]!.around;
  const inner = items.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [COMMA, bytes]));
  const untilMs = Date.now() + request.patienceMs;
  for (;;) {
    const sent = await channel.send([head, ...inner, tail], request.signal);
    if (sent.type === 'accepted') return undefined;
    if (sent.type !== 'wait' || sent.atMs > untilMs) return sent.reason;
    await sleep(Math.max(10, sent.atMs - Date.now()));
  }
}
