import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../../src/view/output.ts';

test('text is written in order, and is taken when the promise resolves', async () => {
  const taken: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      setImmediate(() => {
        taken.push(chunk.toString());
        done();
      });
    },
  });
  const output = new Output(stream);
  output.add('a');
  output.add('b');
  await output.flush();
  expect(taken).toEqual(['ab']);
  await output.write(Buffer.from('c'));
  output.add('d');
  await output.close();
  expect(taken).toEqual(['ab', 'c', 'd']);
});

test('it is full when there is enough to write', () => {
  const output = new Output(new Writable());
  output.add('x');
  expect(output.isFull).toBe(false);
  output.add('x'.repeat(100_000));
  expect(output.isFull).toBe(true);
});

test('a reader that has gone ends the writing, and nothing else', async () => {
  const stream = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const closed = new Promise((resolve) => stream.once('close', resolve));
  const output = new Output(stream);
  output.add('a');
  await output.close();
  expect(output.isClosed).toBe(true);
  await output.write('b');
  await closed;
});

test('what keeps the output from being written is thrown, when all else has been tried', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  });
  const output = new Output(
    new Writable({
      write(_chunk, _encoding, done) {
        done(full);
      },
    }),
  );
  output.add('a');
  await expect(output.close()).rejects.toBe(full);
});
