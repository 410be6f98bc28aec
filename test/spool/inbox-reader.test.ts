import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConsoleInboxWriter } from '../../src/spool/console-inbox.ts';
import { InboxReader } from '../../src/spool/inbox-reader.ts';
import type { InboxVisitor } from '../../src/spool/inbox-visitor.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const TIME = '1795000000000000000';
const SPAN = 'b7ad6b7169203331';

/** Notes what it is handed: the console's name and the bytes that were printed. */
function createVisitor(): InboxVisitor & { readonly seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    isFull: false,
    makeRoom: () => {},
    entry: () => {},
    unreadable: () => {},
    frame: ({ kind, payload }, { source }) => {
      if (kind !== 'entry') seen.push(`${source}: ${payload.toString()}`);
    },
  };
}

test('an inner console that was only just made is read before what it passes on, once it says whose it is', () => {
  const folder = createTemporaryDir();
  const openConsole = (name: string) =>
    new ConsoleInboxWriter(join(folder, `${name}.console`), () => [1, 0]);
  const outer = openConsole('outer');
  outer.entry({ type: 'console-open', time: TIME, span: SPAN, depth: 0 });
  closeSync(openSync(join(folder, 'inner.console'), 'a'));
  const reader = new InboxReader(folder);
  const visitor = createVisitor();
  while (reader.read(visitor, 1000));

  const inner = openConsole('inner');
  inner.entry({ type: 'console-open', time: TIME, span: SPAN, depth: 1 });
  inner.chunk('stdout', Buffer.from('printed'));
  outer.chunk('stdout', Buffer.from('printed'));
  while (reader.read(visitor, 1000));

  expect(visitor.seen).toEqual(['inner: printed', 'outer: printed']);
  for (const each of [reader, inner, outer]) each.close();
});
