// What the hook adds to a Python process and to each of its log records:
//   node bench/python-hook.mjs [rounds] [python]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, measureOnce, median, printTable } from './measure.mjs';

const rounds = Number(process.argv[2] ?? 15);
const python = process.argv[3] ?? 'python3';
const hook = fileURLToPath(new URL('../python', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'stagelight-bench-'));
const runDir = join(folder, 'run');
for (const name of ['inbox', 'claims']) mkdirSync(join(runDir, name), { recursive: true });

const { PYTHONUNBUFFERED: _, PYTHONDONTWRITEBYTECODE: __, ...plain } = process.env;
const hooked = {
  ...plain,
  PYTHONPATH: hook,
  STAGELIGHT_RUN_DIR: runDir,
  STAGELIGHT_HOOK: hook,
  TRACEPARENT: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
};

// A plain formatter, and a handler that writes and flushes each line as logging's own do.
const LOGGING = `
import logging, sys, time
stream = open("/dev/null", "w") if sys.argv[1] == "other" else sys.stderr
handler = logging.FileHandler(sys.argv[2]) if sys.argv[1] == "file" else logging.StreamHandler(stream)
handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
log = logging.getLogger("app")
log.addHandler(handler)
log.setLevel(logging.INFO)
level = logging.DEBUG if sys.argv[1] == "filtered" else logging.INFO
best = 1e9
for _ in range(10):
    start = time.process_time_ns()
    for index in range(2000):
        log.log(level, "step %d loss %.3f", index, 0.5)
    best = min(best, (time.process_time_ns() - start) / 2000)
print(best)
`;
const program = join(folder, 'log.py');
writeFileSync(program, LOGGING);

/** Nanoseconds of CPU time a record, the best of ten blocks. */
function measureRecord(handler, env) {
  const args = [program, handler, join(folder, 'app.log')];
  const { stdout } = spawnSync(python, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return Number(stdout);
}

/** Without and with the hook in turn, the order changing; the median of both, and of what the second adds to the first. */
function compare(measure) {
  const pairs = [];
  measure(plain);
  measure(hooked);
  for (let round = 0; round < rounds; round += 1) {
    const [first, second] = round % 2 === 0 ? [plain, hooked] : [hooked, plain];
    const found = new Map([[first, measure(first)]]);
    found.set(second, measure(second));
    pairs.push([found.get(plain), found.get(hooked)]);
  }
  return {
    without: median(pairs.map(([without]) => without)),
    added: median(pairs.map(([without, with_]) => with_ - without)),
  };
}

const version = spawnSync(python, ['--version'], { encoding: 'utf8' }).stdout.trim();
console.log(`${describeMachine()}, ${version}`);
const rows = [['', 'without', 'added']];
for (const code of ['pass', 'import logging', 'import json, logging, subprocess, threading']) {
  const ms = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;
  // Of several starts, since one is about as long as the clock's step.
  const starts = `for each in 1 2 3 4 5 6 7 8 9 10; do ${python} -c '${code}'; done`;
  const { without, added } = compare((env) => measureOnce(['sh', '-c', starts], { env }).cpu / 10);
  rows.push([`start: ${code}`, ms(without), ms(added)]);
}
const KINDS = {
  console: 'to the console',
  file: 'to a file',
  other: 'to another stream',
  filtered: 'below the level',
};
for (const [kind, title] of Object.entries(KINDS)) {
  const { without, added } = compare((env) => measureRecord(kind, env));
  const us = (nanoseconds) => `${(nanoseconds / 1000).toFixed(1)} µs`;
  rows.push([`a record ${title}`, us(without), us(added)]);
}
printTable(rows);
rmSync(folder, { recursive: true });
