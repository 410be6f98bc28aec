import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Grammar } from '../../src/grammars/grammar.ts';
import { createGrammars } from '../../src/grammars/registry.ts';
import { stripEscapes } from '../../src/merge/console/ansi.ts';
import { readStream } from '../support/read-stream.ts';
import { joinStreams, loadTranscripts } from '../support/transcript.ts';

/** What every grammar of the registry is held to. A new one is held to it by being there. */
const GRAMMARS = createGrammars({
  formats: ['%(asctime)s %(name)s %(threadName)s %(levelname)s [%(funcName)s] %(message)s'],
}).map((grammar, index) => ({ title: `${index} ${grammar.name}`, grammar }));

/** The lines of the transcripts, by their tool's folder: the last piece of those that are written over, no colours. */
const LINES = new Map<string, string[]>();
for (const { name, chunks } of loadTranscripts()) {
  const lines = [...joinStreams(chunks).values()]
    .flatMap((bytes) => stripEscapes(bytes.toString('utf8')).split('\n'))
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1)!);
  const folder = name.split('/')[0]!;
  LINES.set(folder, [...(LINES.get(folder) ?? []), ...lines]);
}
const ALL_LINES = [...new Set([...LINES.values()].flat())];

describe.each(GRAMMARS)('$title', ({ grammar }) => {
  test('never throws, whatever the text is', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.tuple(fc.constantFrom(...ALL_LINES), fc.nat(), fc.string({ maxLength: 20 })).map(mutate),
    );
    fc.assert(
      fc.property(anyText, fc.array(anyText, { maxLength: 6 }), (first, more) => {
        const block = grammar.read(first)?.block?.();
        grammar.findGlued?.(first);
        grammar.toEvent?.(first);
        if (block !== undefined) offerAll(block, more);
      }),
      { numRuns: 500 },
    );
  });

  test('takes time that grows no faster than the line', () => {
    const samples = ALL_LINES.filter((line) => grammar.read(line) !== undefined).slice(0, 40);
    const slowest = samples.flatMap(stretch).reduce(
      (worst, line) => {
        // The machine may be at other work: what is slow is slow each time.
        const ms = measure(grammar, line) > MAX_MS ? measure(grammar, line) : 0;
        return ms > worst.ms ? { ms, line } : worst;
      },
      { ms: 0, line: '' },
    );

    // A quadratic search in a line of this length takes minutes.
    expect(slowest.ms, JSON.stringify(slowest.line.slice(0, 120))).toBeLessThan(MAX_MS);
  });

  test('reads only lines that begin as it says', () => {
    for (const line of ALL_LINES) {
      const first = line === '' ? '' : String.fromCodePoint(line.codePointAt(0)!);
      if (first !== '' && grammar.starts.includes(first)) continue;
      expect(grammar.read(line), line).toBeUndefined();
    }
  });

  test('says a level only together with its word', () => {
    for (const line of ALL_LINES) {
      const reading = grammar.read(line);
      if (reading?.severity !== undefined) expect(reading.severityText, line).toBeTruthy();
    }
  });
});

/** Which grammar reads what is in a folder that isn't its own, and why. */
const SHARED: Readonly<Record<string, { readonly reason: string; readonly lines: RegExp }>> = {
  dvc: {
    reason: "`> ` begins DVC's commands and much else: only inside a stage it is one",
    lines: /^> /,
  },
};
const TOOLS = ['dvc', 'hydra', 'optuna', 'mlflow', 'prefect'];

describe.each(GRAMMARS.filter(({ grammar }) => TOOLS.includes(grammar.name)))(
  '$grammar.name claims no line of another tool',
  ({ grammar }) => {
    // Prefect's transcripts and those of pipelines have all the others in them.
    test.each(
      ['dvc', 'hydra', 'optuna', 'mlflow', 'python'].filter((tool) => tool !== grammar.name),
    )('%s', (folder) => {
      const claimed = LINES.get(folder)!.filter((line) => grammar.read(line) !== undefined);

      expect(claimed.filter((line) => SHARED[grammar.name]?.lines.test(line) !== true)).toEqual([]);
    });
  },
);

test('every line is kept as it came', () => {
  for (const line of ALL_LINES) {
    const records = readStream([`${line}\n`]);

    expect(records.map(({ raw }) => raw).join('')).toBe(line);
  }
});

test('no line of a format that is read takes another one with it', () => {
  for (const line of ALL_LINES) {
    const records = readStream([`${line}\n`, 'a plain line\n']);
    const plain = records.at(-1)!;

    expect([plain.raw, plain.severity], line).toEqual(['a plain line', 0]);
  }
});

function mutate([line, place, text]: [string, number, string]): string {
  const at = line === '' ? 0 : place % line.length;
  return line.slice(0, at) + text + line.slice(at + text.length);
}

function offerAll(
  block: { offer(line: string): string; finish(): unknown },
  lines: string[],
): void {
  for (const line of lines) if (block.offer(line) === 'refuse') break;
  block.finish();
}

/** A line with something repeated inside of it until it is as long as the longest that a grammar is offered. */
function stretch(line: string): string[] {
  const places = [0, 1, 5, 12, 25, 33, 45, Math.floor(line.length / 2), line.length - 1];
  const fillers = [
    ' ',
    'a',
    '0',
    '.',
    ':',
    "'",
    '"',
    '\\',
    '[',
    '{',
    '(',
    '] ',
    ' - ',
    "', '",
    '%|',
    '1/1 ',
    ', exited with ',
    'A.',
  ];
  return places
    .filter((place) => place >= 0 && place <= line.length)
    .flatMap((place) =>
      fillers.map(
        (filler) =>
          line.slice(0, place) + filler.repeat(LONGEST / filler.length) + line.slice(place),
      ),
    );
}

const LONGEST = 128 * 1024;
const MAX_MS = 250;

function measure(grammar: Grammar, line: string): number {
  const start = performance.now();
  const block = grammar.read(line)?.block?.();
  grammar.findGlued?.(line);
  grammar.toEvent?.(line);
  if (block !== undefined) offerAll(block, [line, line]);
  return performance.now() - start;
}
