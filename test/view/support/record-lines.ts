import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Emitter } from '../../../src/merge/emitter.ts';
import type { LogDraft } from '../../../src/merge/emitter.ts';
import { LogFile } from '../../../src/merge/file-processors.ts';

/** What a test says of a record; the rest is filled in. */
export interface RecordDraft {
  readonly body: string;
  readonly severity?: number;
  readonly stage?: string;
  readonly trial?: number;
  readonly logger?: string;
  readonly seconds?: number;
  readonly eventName?: string;
  readonly attributes?: LogDraft['attributes'];
}

/** The bytes of a `logs.jsonl`, by the merge's own writers. */
export function writeRecords(drafts: readonly RecordDraft[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'stagelight-'));
  const path = join(folder, 'logs.jsonl');
  const file = new LogFile(path, { 'service.name': 'test' });
  const emitter = new Emitter({
    traceId: 'ab'.repeat(16),
    resource: { 'service.name': 'test' },
    logProcessors: [file],
    spanProcessors: [],
  });
  for (const [index, draft] of drafts.entries()) {
    const { trial, stage, severity = 9, seconds = index } = draft;
    emitter.log({
      scope: emitter.createScope(
        'cd'.repeat(8),
        stage,
        trial === undefined ? {} : { 'optuna.trial.number': trial },
      ),
      logger: draft.logger ?? 'app',
      time: [1_795_000_000 + seconds, 0],
      observed: [1_795_000_000 + seconds, 500],
      severity,
      severityText: undefined,
      eventName: draft.eventName,
      body: draft.body,
      attributes: { 'log.record.uid': `uid-${index}`, ...draft.attributes },
      raw: undefined,
    });
  }
  file.flush();
  file.close();
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  return bytes;
}

/** The lines of a file's bytes. */
export function toLines(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'latin1'));
}
