import { expect, test } from 'vitest';
import { mergeConsole } from '../support/merge-console.ts';
import { createTemporaryDir } from '../support/temporary.ts';

// As Prefect 3.8.8 prints them.
const OUTPUT = `01:38:20.100 | INFO    | Flow run 'calm-bear' - Beginning flow run 'calm-bear' for flow 'main'
01:38:20.256 | INFO    | Task run 'work-736' - line 3
01:38:20.338 | ERROR   | Task run 'work-736' - Finished in state Failed('Task run encountered an exception ValueError: three')
01:38:20.339 | ERROR   | Task run 'load-0b1' - Finished in state Failed('gave up')
01:38:20.340 | ERROR   | Flow run 'calm-bear' - Finished in state Failed('Flow run encountered an exception: KeyError: \\'a\\'')
`;

test('a secret that a task’s name was made of is masked wherever the name is', () => {
  const { spans, records } = mergeConsole(
    [{ stream: 'stderr', bytes: OUTPUT.replaceAll('work-736', 'get-https://ada:s3cr3t@host') }],
    { home: createTemporaryDir() },
  );

  expect(JSON.stringify([spans, records])).not.toContain('s3cr3t');
  expect(spans.map(({ name }) => name)).toContain('get-https://ada:***@host');
  const line = records.find(({ body }) => body === 'line 3');
  expect(line?.attributes['cicd.pipeline.task.name']).toBe('get-https://ada:***@host');
});

test('why a flow or task run failed is on its span, and its records name its task', () => {
  const { spans, records } = mergeConsole([{ stream: 'stderr', bytes: OUTPUT }], {
    home: createTemporaryDir(),
  });

  const failures = spans
    .filter(({ isError }) => isError)
    .map(({ name, message, attributes }) => [name, attributes['error.type'], message]);
  expect(failures).toEqual([
    ['work', 'ValueError', 'three'],
    ['load', undefined, 'gave up'],
    ['main', 'KeyError', "'a'"],
  ]);
  const line = records.find(({ body }) => body === 'line 3');
  expect(line?.attributes['cicd.pipeline.task.name']).toBe('work');
});
