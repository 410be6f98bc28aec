// What all benches share: the machine, medians, and the CPU time of a command with all its children.
import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

export function describeMachine() {
  const [cpu] = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} × ${cpu.model.trim()}, ${gigabytes} GiB, ${process.platform}, Node ${process.versions.node}`;
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs a command once, its output thrown away. Seconds: `wall`, and `cpu` of it and all that it waited for. */
export function measureOnce(command, { cwd, env = process.env } = {}) {
  const script = `TIMEFORMAT='%R %U %S'; exec 3>&2; time "$@" > /dev/null 2>/dev/null 3>&-`;
  const { stderr } = spawnSync('bash', ['-c', script, '_', ...command], {
    cwd,
    env,
    encoding: 'utf8',
  });
  const [wall, user, system] = stderr.trim().split(/\s+/).slice(-3).map(Number);
  return { wall, cpu: user + system };
}

/** Measures several commands in turn, A B A B …, so that a machine that slows down slows all of them; gives medians. */
export function measureInTurn(commands, { rounds, ...options }) {
  const results = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (const command of Object.values(commands)) measureOnce(command, options); // not counted
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, command] of Object.entries(commands))
      results[name].push(measureOnce(command, options));
  }
  return Object.fromEntries(
    Object.entries(results).map(([name, runs]) => [
      name,
      { wall: median(runs.map(({ wall }) => wall)), cpu: median(runs.map(({ cpu }) => cpu)) },
    ]),
  );
}

export function printTable(rows) {
  const widths = rows[0].map((_cell, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  for (const [index, row] of rows.entries()) {
    console.log(
      `| ${row.map((cell, column) => String(cell).padEnd(widths[column])).join(' | ')} |`,
    );
    if (index === 0) console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  }
}
