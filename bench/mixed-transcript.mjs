// Writes a mixed transcript of a pipeline's output: lines as DVC, Hydra, Optuna, Prefect, MLflow and plain programs print
// them, with tracebacks between. The same seed gives the same bytes.
import { closeSync, openSync, writeSync } from 'node:fs';

/** A small generator of pseudo random numbers (mulberry32). */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

const WORDS =
  'loss accuracy batch epoch features rows columns model loader checkpoint validation split learning rate'.split(
    ' ',
  );

export function writeMixedTranscript(path, lineCount, seed = 1) {
  const random = createRandom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const words = (count) => Array.from({ length: count }, () => pick(WORDS)).join(' ');
  const stamp = (line) => {
    const ms = line % 1000;
    const seconds = Math.floor(line / 1000) % 60;
    const minutes = Math.floor(line / 60_000) % 60;
    return `2026-11-23 01:${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')},${String(ms).padStart(3, '0')}`;
  };
  const kinds = [
    (n) => [
      `[${stamp(n)}][__main__][${pick(['INFO', 'INFO', 'INFO', 'WARNING', 'DEBUG'])}] - ${words(7)} ${random().toFixed(6)}`,
    ],
    (n) => [
      `[I ${stamp(n)}] Trial ${n} finished with value: ${random()} and parameters: {'lr': ${random()}, 'depth': ${n % 9}}. Best is trial 0 with value: 0.0.`,
    ],
    (n) => [
      `${stamp(n).slice(11).replace(',', '.')} | INFO    | Task run 'load-${n % 5}f0' - ${words(6)}`,
    ],
    (n) => [
      `${stamp(n).slice(0, 19).replaceAll('-', '/')} INFO mlflow.tracking.fluent: ${words(6)}`,
    ],
    () => [`${words(9)} ${random().toFixed(4)}`],
    () => [`  ${words(5)}: ${Math.floor(random() * 1e6)}`],
    (n) => [
      `epoch ${n % 100} | train loss ${random().toFixed(4)} | val loss ${random().toFixed(4)} | ${words(2)}`,
    ],
    (n) => [
      `Running stage 'stage${n % 7}':`,
      `> python src/stage${n % 7}.py`,
      "Updating lock file 'dvc.lock'",
      '',
    ],
    () => [
      'Traceback (most recent call last):',
      `  File "/app/src/train.py", line ${Math.floor(random() * 300)}, in fit`,
      '    loss = model(batch)',
      '           ^^^^^^^^^^^^',
      `ValueError: ${words(4)}`,
    ],
  ];
  // Stages, finished trials and tracebacks are rare in real output; log lines and prints are most of it.
  const weights = [30, 0.5, 10, 5, 32, 10, 10, 0.05, 1];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const choose = () => {
    let left = random() * total;
    return kinds[weights.findIndex((weight) => (left -= weight) < 0)] ?? kinds[0];
  };
  const fd = openSync(path, 'w');
  let lines = 0;
  let text = '';
  while (lines < lineCount) {
    const block = choose()(lines);
    lines += block.length;
    text += `${block.join('\n')}\n`;
    if (text.length > 1 << 20) {
      writeSync(fd, text);
      text = '';
    }
  }
  writeSync(fd, text);
  closeSync(fd);
  return lines;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  writeMixedTranscript(process.argv[2], Number(process.argv[3] ?? 1_000_000));
}
