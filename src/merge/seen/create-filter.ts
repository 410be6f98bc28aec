import type { Line } from '../console/line.ts';
import { toText } from '../console/line.ts';
import type { PieceFilter } from '../console/stream-reader.ts';
import type { Shown } from './shown.ts';
import type { Sightings } from './sightings.ts';

/** Loggers of tools whose messages say how the run goes. */
const COURSE = /^(?:dvc|hydra)\b/;

/**
 * Leaves out of a console's stream what is known already: what its inner consoles pass on, and records of processes. The
 * consoles around it are told what will come by there.
 */
export function createFilter(options: {
  readonly console: string;
  readonly stream: string;
  readonly sightings: Sightings;
  /** Whether an earlier merge has written a record of the line that begins at a byte of the stream. */
  readonly isWritten: (offset: number) => boolean;
}): PieceFilter {
  const { console, stream, sightings, isWritten } = options;
  const { file } = sightings;
  const expected = sightings.on(console);
  const outer = sightings.around(console, stream === 'both' ? 'stdout' : stream);
  let shown: Shown | undefined;
  const onShown = (each: Shown): void => void (shown ??= each);
  return (line, { end, time }, observe) => {
    shown = undefined;
    const piece = { raw: line.raw, end, time, isWritten: isWritten(line.offset) };
    const own = expected.takeOwn(piece, onShown);
    if (shown === undefined) {
      if (own !== undefined) for (const each of outer) each.expect({ raw: own, end, time });
      return own === undefined ? undefined : withRaw(line, own);
    }
    const { record, held } = shown as Shown;
    const told = {
      ...line,
      told: { source: record.source, attributes: held?.attributes, span: held?.span },
    };
    if (held !== undefined && (shown as Shown).isReadAt(console)) return told;
    if ((shown as Shown).note()) {
      const { lines } = shown as Shown;
      file.add(record.uid, { stream, console, offset: line.offset, lines });
    }
    if (COURSE.test(record.logger)) observe(told);
    if (own === undefined) return undefined;
    for (const each of outer) each.expect({ raw: own, end, time });
    return withRaw(line, own);
  };
}

function withRaw(line: Line, raw: string): Line {
  return raw === line.raw ? line : { ...line, raw, text: toText(raw), bytes: undefined };
}
