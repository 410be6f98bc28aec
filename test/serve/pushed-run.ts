import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { stagelight } from '../support/cli.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { makeRun } from '../view/support/make-run.ts';

export interface PushedRun {
  readonly runId: string;
  readonly runDir: string;
  /** Sends it over OTLP, by `stagelight push`, until all of it is taken. */
  pushTo(url: string): Promise<void>;
}

/** A small run that has ended. */
export function makePushed(): PushedRun {
  const { info, runDir } = makeRun({
    home: createTemporaryDir(),
    entries: (run) => [
      run.startStage('train', 100),
      ...Array.from({ length: 50 }, (_, index) =>
        run.log(200 + index, `line ${index}`, { span: run.stageId('train') }),
      ),
      run.endStage('train', 5000),
    ],
  });
  const home = dirname(dirname(runDir));
  return {
    runId: info.runId,
    runDir,
    pushTo: async (url) => {
      const env = { STAGELIGHT_DIR: home, STAGELIGHT_OTLP_ENDPOINT: url };
      const args = ['push', '--all', '--timeout', '90'];
      const { exitCode, stderr } = await stagelight(home, args, { env });
      expect(exitCode, stderr).toBe(0);
    },
  };
}

/** How many different records and spans a run directory has, and how many in all. */
export function countItems(runDir: string): object {
  const uids = [...readRecords(join(runDir, FILE.logs))].map(
    ({ attributes }) => attributes['log.record.uid'],
  );
  const spanIds = [...readSpans(join(runDir, FILE.traces))].map(({ spanId }) => spanId);
  return {
    records: uids.length,
    uids: new Set(uids).size,
    spans: spanIds.length,
    spanIds: new Set(spanIds).size,
  };
}
