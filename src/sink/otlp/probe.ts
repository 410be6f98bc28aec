import { randomBytes } from 'node:crypto';
import { ATTR } from '../../model/attributes.ts';
import { now, toNanoString } from '../../model/time.ts';
import { VERSION } from '../../model/version.ts';
import { encodeAttributes } from '../../otlp/json.ts';
import type { ProbeResult } from '../destination.ts';
import type { Channel } from './channel.ts';
import type { Signal } from './signal.ts';

const SERVICE = 'stagelight-doctor';

/** Sends a canary: one item that is recognizable as one. */
export async function probeChannel(channel: Channel, signal: AbortSignal): Promise<ProbeResult> {
  const { settings, address } = channel;
  const what = `${settings.signal.name} to ${address}`;
  const sent = await channel.send([Buffer.from(toCanary(settings.signal))], signal);
  if (sent.type === 'accepted') {
    const isWhole = sent.rejectedCount === 0;
    const words = sent.message === '' ? '' : ` (${sent.message})`;
    return { what, isOk: isWhole, answer: isWhole ? `taken${words}` : `rejected${words}` };
  }
  if (sent.type === 'blocked' && sent.isMissing && settings.isImplied) {
    const answer = `${sent.reason}: it takes no ${settings.signal.name}; they aren't sent there`;
    return { what, isOk: true, answer };
  }
  return { what, isOk: false, answer: `${sent.reason}${toAdvice(sent.reason)}` };
}

/** What to do about the faults that most have. */
function toAdvice(reason: string): string {
  if (reason.includes('ECONNREFUSED')) {
    return ": nothing listens there; start it, or check the address's host and port";
  }
  if (reason.includes('ENOTFOUND') || reason.includes('EAI_AGAIN')) {
    return ": no host has that name here; check the address, and this machine's DNS";
  }
  if (reason.includes('no answer within')) {
    return ': something takes connections and says nothing; check host and port, firewalls, proxies';
  }
  return '';
}

function toCanary({ name, resources, scopes, items }: Signal): string {
  const resource = encodeAttributes({
    [ATTR.serviceName]: SERVICE,
    [ATTR.distroName]: 'stagelight',
    [ATTR.distroVersion]: VERSION,
  });
  const scope = `{"scope":{"name":"stagelight"},"${items}":[${toItem(name)}]}`;
  return `{"${resources}":[{"resource":{"attributes":[${resource}]},"${scopes}":[${scope}]}]}`;
}

function toItem(name: Signal['name']): string {
  const time = toNanoString(now());
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  switch (name) {
    case 'traces':
      return `{"traceId":"${traceId}","spanId":"${spanId}","name":"canary","kind":1,"startTimeUnixNano":"${time}","endTimeUnixNano":"${time}"}`;
    case 'logs':
      return `{"timeUnixNano":"${time}","observedTimeUnixNano":"${time}","severityNumber":5,"body":{"stringValue":"stagelight doctor was here"},"attributes":[${encodeAttributes({ [ATTR.uid]: `doctor-${spanId}` })}]}`;
    default:
      return `{"name":"stagelight.canary","gauge":{"dataPoints":[{"timeUnixNano":"${time}","asInt":"1"}]}}`;
  }
}
