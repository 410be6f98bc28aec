import { ATTR, EVENT } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import { RecordSource } from './emit.ts';
import { safely, toText } from './safely.ts';

const source = new RecordSource('stagelight');

/**
 * Records one value of a metric, in the stage or trial that it is called in. Never throws, and is never lost once it has
 * returned.
 *
 * @param name such as `loss` or `validation/accuracy`
 * @param value any number: NaN and infinities are kept as such
 * @param step where in the training it was taken: an epoch, a batch; none when left out
 *
 * @example
 * ```ts
 * for (let epoch = 0; epoch < 10; epoch += 1) metric('loss', train(epoch), epoch);
 * ```
 */
export function metric(name: string, value: number, step?: number): void {
  safely(() => {
    const number = toNumber(value);
    source.emit({
      body: `${name} = ${number}`,
      eventName: EVENT.metric,
      attributes: {
        [ATTR.metricName]: toText(name),
        [ATTR.metricValue]: number,
        ...(step !== undefined && toStep(toNumber(step))),
      },
    });
  });
}

function toStep(step: number): Attributes {
  return Number.isFinite(step) ? { [ATTR.metricStep]: Math.trunc(step) } : {};
}

/** Bigints and texts of numbers are numbers here, all else is NaN. */
function toNumber(given: unknown): number {
  return typeof given === 'object' || typeof given === 'symbol' ? Number.NaN : Number(given);
}
