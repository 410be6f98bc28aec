import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const FLOW = `
import asyncio
from prefect import flow, get_run_logger, task

@task(task_run_name='fetch-{url}')
async def fetch(url):
    get_run_logger().info('fetched %s', url)

@task(task_run_name='the same')
def same(number):
    get_run_logger().info('same %d', number)
    return number

@flow(name='nightly', flow_run_name='nightly-{day}')
async def nightly(day):
    get_run_logger().info('day %s', day)
    await asyncio.gather(*[fetch(url) for url in ('https://ada:s3cr3t@host', 'b')])
    for future in same.map([1, 2, 3]):
        future.result()

asyncio.run(nightly('monday'))
`;

testWith('prefect', 'python')(
  'flow and task runs that are given names of their own are found once each, with their records',
  { timeout: 300_000 },
  async () => {
    const folder = createTemporaryDir();
    writeFileSync(join(folder, 'flow.py'), FLOW);
    const result = await stagelight(folder, ['run', '--', 'python', 'flow.py']);
    expect(result.exitCode, result.stderr).toBe(0);

    const { spans, lines, runDir } = readRun(folder);
    const names = spans.filter(({ parentSpanId }) => parentSpanId !== undefined);
    expect(names.map(({ name }) => name).toSorted()).toEqual([
      'fetch',
      'fetch',
      'nightly',
      'same',
      'same',
      'same',
    ]);
    for (const text of [
      'fetched https://ada:***@host',
      'fetched b',
      'same 1',
      'same 2',
      'same 3',
      'day monday',
    ]) {
      const found = lines.filter(({ body }) => body === text);
      expect(found, text).toHaveLength(1);
      const span = spans.find(({ spanId }) => spanId === found[0]?.spanId);
      expect(span?.name, text).toBe(text.startsWith('day') ? 'nightly' : text.split(/ed |\s/)[0]);
    }
    expect(JSON.stringify([spans, lines]), runDir).not.toContain('s3cr3t');
    const runNames = spans.map(({ attributes }) => attributes['prefect.task_run.name']);
    expect(runNames).toEqual(expect.arrayContaining(['fetch-b', 'the same']));
  },
);
