import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { InboxEntry, LogEntry } from '../../src/model/inbox.ts';
import { createRunId } from '../../src/model/ids.ts';
import { testWith } from '../support/peers.ts';
import {
  COUNTER_FOLDER,
  HOOK_FOLDER,
  SCENARIOS,
  choosePython,
  readCounted,
  runScenario,
} from './programs.ts';
import type { Ended, Scenario } from './programs.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'stagelight-python-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** What is said from inside that isn't Python's `logging`. */
const OTHER_LOGGERS: ReadonlySet<string> = new Set(['python', 'stagelight']);

for (const scenario of SCENARIOS) {
  testWith('python')(
    `${scenario.name} is the same with the hook, and each of its records is told of once`,
    { timeout: 120_000 },
    async (context) => {
      const python = choosePython(scenario.needs, context);
      const [without, hooked] = await Promise.all([
        runIn(scenario, { python, hook: 'off' }),
        runIn(scenario, { python, hook: 'on' }),
      ]);

      expect(normalize(hooked.ended, scenario)).toEqual(normalize(without.ended, scenario));
      expect(toTexts(hooked.counted)).toEqual(toTexts(without.counted));
      const told = hooked.entries.filter(isLogged).map(({ body }) => firstLine(body ?? ''));
      const counted = hooked.counted.map(([, , , message]) => firstLine(message));
      expect(told.toSorted()).toEqual(scenario.isUnhooked ? [] : counted.toSorted());
      expect(hooked.entries.filter(({ type }) => type === 'fault')).toEqual([]);
    },
  );
}

test('there are scenarios enough', () => {
  expect(SCENARIOS.length).toBeGreaterThan(80);
});

async function runIn(scenario: Scenario, { python, hook }: { python: string; hook: 'on' | 'off' }) {
  const folder = join(base, scenario.name, hook);
  const cwd = join(folder, 'cwd');
  const runDir = join(folder, 'run');
  for (const path of [cwd, join(runDir, 'inbox'), join(runDir, 'claims')])
    mkdirSync(path, { recursive: true });
  const runId = createRunId();
  const ended = await runScenario(scenario, {
    python,
    cwd,
    env: {
      COUNTED: join(folder, 'counted'),
      PYTHONUNBUFFERED: undefined,
      PYTHONDONTWRITEBYTECODE: undefined,
      PYTHONHASHSEED: '0',
      PYTHONPATH: hook === 'on' ? `${HOOK_FOLDER}:${COUNTER_FOLDER}` : COUNTER_FOLDER,
      TRACEPARENT: `00-${runId}-1111111111111111-01`,
      ...(hook === 'on' && {
        STAGELIGHT_RUN_DIR: runDir,
        STAGELIGHT_RUN_ID: runId,
        STAGELIGHT_HOOK: HOOK_FOLDER,
      }),
    },
  });
  return {
    ended,
    counted: readCounted(join(folder, 'counted')),
    entries: readEntries(join(runDir, 'inbox')),
  };
}

function readEntries(folder: string): InboxEntry[] {
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as InboxEntry),
  );
}

function isLogged(entry: InboxEntry): entry is LogEntry {
  if (entry.type !== 'log' || OTHER_LOGGERS.has(entry.logger ?? '')) return false;
  if ((entry.attributes?.['mlops.part.index'] ?? 0) !== 0) return false; // a longer one's continuation
  // A warning that was printed is none of `logging`'s; one that was captured is, and has a thread.
  return entry.logger !== 'py.warnings' || entry.attributes?.['thread.name'] !== undefined;
}

function toTexts(counted: ReturnType<typeof readCounted>): string[] {
  return counted
    .map(([, level, logger, message]) => `${level} ${logger} ${hide(message)}`)
    .toSorted();
}

function firstLine(text: string): string {
  return text.slice(0, 1000);
}

function normalize({ end, stdout, stderr }: Ended, { isUnordered }: Scenario) {
  const show = (text: string): string[] => {
    const lines = hide(text).split('\n');
    return isUnordered ? lines.toSorted() : lines;
  };
  return { end, stdout: show(stdout), stderr: show(stderr) };
}

/** What differs from run to run anyway. */
function hide(text: string): string {
  return text
    .replaceAll(new RegExp(`${base}/[^/]+/(?:on|off)`, 'g'), '<folder>')
    .replaceAll(/\b0x[0-9a-f]{6,16}\b/g, '<address>')
    .replaceAll(/\d{4}[-/]\d\d[-/]\d\d[ T_]/g, '<date> ')
    .replaceAll(/\d\d:\d\d:\d\d(?:[.,]\d+)?/g, '<time>')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>')
    .replaceAll(/\b[0-9a-f]{32}\b/g, '<hex>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<server>')
    .replaceAll(/\d+(?:\.\d+)?(?: ?)(?:s|sec|ms|us|usec|nsec|ns)\b/g, '<duration>')
    .replaceAll(/([Rr]un ')[\w-]+'/g, "$1<name>'")
    .replaceAll(/object refcount : \d+/g, 'object refcount : <count>')
    .replaceAll(/tmp\w{8}/g, '<tmp>');
}
