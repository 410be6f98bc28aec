import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun, toPrinted } from '../support/cli.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { openTerminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait.ts';

const test = testWith('tmux', 'python3');

function writeScript(cwd: string, name: string, lines: readonly string[]): void {
  writeFileSync(join(cwd, name), `${lines.join('\n')}\n`);
}

test('what was a terminal stays one, of the same size', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'tty.py', [
    'import sys, os',
    'print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), os.get_terminal_size())',
  ]);
  const terminal = await openTerminal(cwd, { columns: 101, rows: 33 });
  await terminal.type('stagelight run -q -- python3 tty.py');
  await terminal.waitForText('True True True os.terminal_size(columns=101, lines=33)');
});

test('a stream that goes to a file is no terminal for the command, the other one stays one', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'tty.py', [
    'import sys',
    'print("out", sys.stdout.isatty())',
    'print("err", sys.stderr.isatty(), file=sys.stderr)',
  ]);
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- python3 tty.py 2> err.txt; echo done');
  await terminal.waitForText('out True');
  await terminal.waitForText(/^done$/m);
  expect(readFileSync(join(cwd, 'err.txt'), 'utf8')).toBe('err False\n');
});

test('a command sees when its terminal is resized', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'size.py', [
    'import os, signal, time',
    // No print: a second signal may come while the first one's is being written.
    'def show(*_): os.write(1, b"size %d\\n" % os.get_terminal_size(1).columns)',
    'signal.signal(signal.SIGWINCH, show)',
    'print("ready", flush=True)',
    'time.sleep(30)',
  ]);
  const terminal = await openTerminal(cwd, { columns: 100, rows: 30 });
  await terminal.type('stagelight run -q -- python3 size.py');
  await terminal.waitForText('ready');
  await terminal.resize(77, 30);
  await terminal.waitForText('size 77');
});

test('a breakpoint in a stage can be talked to', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'stop.py', ['value = 41', 'breakpoint()', 'print("value is", value)']);
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- python3 stop.py');
  await terminal.waitForText('(Pdb)');
  await terminal.type('value += 1');
  await terminal.type('continue');
  await terminal.waitForText('value is 42');
});

test('a password is asked for on the terminal, not shown, and not kept', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'ask.py', ['import getpass', 'print("length", len(getpass.getpass()))']);
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- python3 ask.py');
  await terminal.waitForText('Password:');
  await terminal.type('open-sesame');
  await terminal.waitForText('length 11');
  expect(await terminal.read()).not.toContain('open-sesame');
  await waitFor(() => readRun(cwd).info.state === 'finished');
  expect(readFileSync(join(readRun(cwd).runDir, 'logs.jsonl'), 'utf8')).not.toContain(
    'open-sesame',
  );
});

test('Ctrl-C reaches the command once, and the run is a cancelled one', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'count.py', [
    'import signal, sys, time',
    'count = 0',
    'def on_interrupt(*_):',
    '    global count',
    '    count += 1',
    'signal.signal(signal.SIGINT, on_interrupt)',
    'print("ready", flush=True)',
    'while count == 0: time.sleep(0.05)',
    'time.sleep(1)  # time enough for a second one',
    'print("interrupts", count)',
    'sys.exit(1)',
  ]);
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- python3 count.py; echo "code $?"');
  await terminal.waitForText('ready');
  await terminal.press('C-c');
  await terminal.waitForText('interrupts 1');
  await terminal.waitForText('code 1');
  expect(readRun(cwd).info).toMatchObject({ result: 'cancellation', errorType: 'SIGINT' });
});

test('Ctrl-C ends a command that does not handle it, and us by the same signal', async () => {
  const cwd = createTemporaryDir();
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- sh -c "echo ready; sleep 30"');
  await terminal.waitForText(/^ready$/m);
  await terminal.press('C-c');
  await waitFor(() => readRun(cwd).info.state === 'finished');
  await terminal.type('echo "code $?"');
  await terminal.waitForText('code 130');
  expect(readRun(cwd).info).toMatchObject({ signal: 'SIGINT', result: 'cancellation' });
});

test('Ctrl-Z stops both, fg goes on with both', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'tick.sh', ['while :; do echo "tick $((i += 1))"; sleep 0.2; done']);
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- bash tick.sh');
  await terminal.waitForText('tick 2');
  await terminal.press('C-z');
  await terminal.waitForText('Stopped');
  const stopped = (await terminal.read()).match(/tick \d+/g)!.length;
  await terminal.type('jobs; sleep 1; echo "waited" long');
  await terminal.waitForText(/^waited long$/m);
  expect((await terminal.read()).match(/tick \d+/g)).toHaveLength(stopped);
  await terminal.type('fg');
  await terminal.waitForText(`tick ${stopped + 3}`);
  await terminal.press('C-c');
  await waitFor(() => readRun(cwd).info.state === 'finished');
  expect(readRun(cwd).info).toMatchObject({ signal: 'SIGINT', result: 'cancellation' });
});

test('a burst at the very end comes out whole on a terminal', async () => {
  const cwd = createTemporaryDir();
  const terminal = await openTerminal(cwd);
  await terminal.type(
    'for n in 1 2 3 4 5; do stagelight run -q -- seq 3000; done; echo "all" done',
  );
  await terminal.waitForText(/^all done$/m);
  for (const index of [0, 1, 2, 3, 4]) {
    expect(toPrinted(readRun(cwd, index))).toEqual(
      Array.from({ length: 3000 }, (_, each) => String(each + 1)),
    );
  }
});

test('colours come through, and are left out of the text of a record', async () => {
  const cwd = createTemporaryDir();
  writeScript(cwd, 'colour.py', [
    'import sys',
    'print("\\x1b[31mred\\x1b[0m alert" if sys.stdout.isatty() else "plain")',
  ]);
  const terminal = await openTerminal(cwd);
  await terminal.type('stagelight run -q -- python3 colour.py');
  await terminal.waitForText('red alert');
  await waitFor(() => readRun(cwd).info.state === 'finished');
  const [line] = readRun(cwd).lines;
  expect(line).toMatchObject({
    body: 'red alert',
    attributes: { 'log.record.original': expect.stringContaining('\x1b[31m') },
  });
});
