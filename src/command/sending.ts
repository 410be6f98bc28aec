import { dirname } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import type { SendingOptions } from '../recording/shipping.ts';
import type { DeliveryReport } from '../ship/report.ts';
import type { DestinationContext } from '../sink/context.ts';
import { escapeLine } from '../view/text/escape.ts';
import { toSeparator } from '../view/text/marks.ts';
import type { Paint } from '../view/text/paint.ts';
import { formatBytes, formatCount } from '../view/text/units.ts';
import type { CommandIo } from './command.ts';

/** What destinations are made of, for a command. */
export function toDestinationContext(loaded: LoadedConfig, io: CommandIo): DestinationContext {
  const folder = loaded.file === undefined ? io.cwd : dirname(loaded.file);
  return { config: loaded.config, env: io.env, folder };
}

/** Where and for how long a run is sent. */
export function toSending(loaded: LoadedConfig, io: CommandIo): SendingOptions {
  const { env: _, ...context } = toDestinationContext(loaded, io);
  return { context, flushTimeoutMs: loaded.config.run.flush_timeout * 1000 };
}

/** How far a run was sent, in a few words: `sent to otlp`, `1.2 MB still to send to otlp`, `nothing for mlflow`. */
export function describeReport(report: DeliveryReport, paint: Paint): string {
  const { name, pendingBytes, refusedCount, problem, hasNothing } = report;
  const refused = refusedCount > 0 ? paint.paint(`${refusedCount} refused by ${name}`, 'red') : '';
  const rest =
    pendingBytes > 0
      ? paint.paint(`${formatBytes(pendingBytes)} still to send to ${name}`, 'yellow')
      : problem === undefined
        ? `${hasNothing ? 'nothing for' : 'sent to'} ${name}`
        : paint.paint(`not sent to ${name}`, 'yellow');
  return [rest, refused].filter((part) => part !== '').join(', ');
}

/** A run's sending below its picture; nothing when it isn't sent anywhere. */
export function drawSending(reports: readonly DeliveryReport[], paint: Paint): string {
  if (reports.length === 0) return '';
  const parts = reports.map((report) => describeReport(report, paint));
  const more = reports.flatMap(explainReport).map((line) => `  ${line}\n`);
  return `\n${parts.join(toSeparator(paint))}\n${more.join('')}`;
}

/** The same in JSON. */
export function toSendingJson(report: DeliveryReport): object {
  const { name, address, pendingBytes, refusedCount, refused, notes } = report;
  return { name, address, pendingBytes, refusedCount, refused, notes };
}

/** What somebody has to know beside that, a line each: why, and what to do. */
export function explainReport(report: DeliveryReport): string[] {
  const { name, address, problem, refused, refusedCount, notes, leftoverCount } = report;
  const shown = `${name} (${address})`;
  return [
    ...(problem === undefined
      ? []
      : [`${shown}: ${problem}; nothing is lost: the next run sends it, or: stagelight push`]),
    ...(leftoverCount === 0
      ? []
      : [`${shown}: ${formatCount(leftoverCount, 'older run')} still to send: stagelight push`]),
    ...refused.slice(0, 1).map(({ what, reason }) => {
      const more = refusedCount > 1 ? ` (and ${refusedCount - 1} more)` : '';
      return `${shown} refused ${what}${more}: ${reason}`;
    }),
    ...notes.map((note) => `${shown}: ${note}`),
  ].map((line) => escapeLine(line));
}
