import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { readRunInfo } from '../../src/spool/run-file.ts';
import { CLI, createEnv, findRunDirs, readRun, stagelight } from '../support/cli.ts';
import type { RecordedRun } from '../support/cli.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

const FLOW = `import os
from prefect import flow, get_run_logger, task


@task
def work():
    get_run_logger().info("at work")


@flow
def nightly():
    work()
    if os.path.exists("fail"):
        raise ValueError("the first attempt fails")
`;
const DEPLOY = `import sys
from prefect import flow

folder, command = sys.argv[1:]
flow.from_source(source=folder, entrypoint="flows.py:nightly").deploy(
    name="d", work_pool_name="pool", print_next_steps=False, ignore_warnings=True, interval=30,
    job_variables={"command": command, "working_dir": folder},
)
`;
const TIMEOUT_MS = 240_000;

/** Where an SQLAlchemy is that Prefect's scheduler works with (test/peers/prefect-server.txt). */
const packages = process.env['STAGELIGHT_PREFECT_SERVER'];
const test = testWith(
  'prefect',
  'git',
  ...(packages === undefined ? ['STAGELIGHT_PREFECT_SERVER'] : []),
);

test(
  'a deployment that fires by its schedule on a process pool: each flow run is a run, and Retry a new attempt at it, linked',
  { timeout: 2 * TIMEOUT_MS },
  async () => {
    const project = createTemporaryDir();
    mkdirSync(join(project, '.git'));
    writeFileSync(join(project, 'flows.py'), FLOW);
    writeFileSync(join(project, 'deploy.py'), DEPLOY);
    writeFileSync(join(project, 'fail'), '');
    const port = await findFreePort();
    const api = `http://127.0.0.1:${port}/api`;
    const env = createEnv({
      PREFECT_HOME: join(project, 'home'),
      PREFECT_API_URL: api,
      PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    });
    const options = {
      cwd: project,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    } as const;
    const server = execa('prefect', ['server', 'start', '--port', String(port)], {
      ...options,
      env: { ...env, PYTHONPATH: packages },
    });
    const worker = () => execa('prefect', ['worker', 'start', '--pool', 'pool'], options);
    let started: ReturnType<typeof worker> | undefined;
    try {
      await waitFor(async () => await isUp(`${api}/health`), TIMEOUT_MS);
      await execa('prefect', ['work-pool', 'create', 'pool', '--type', 'process'], options);
      const command = `${process.execPath} ${CLI} run -- python -m prefect.engine`;
      await execa('python', ['deploy.py', project, command], options);
      started = worker();

      // It fires by itself; once it has, it fires no more.
      await waitFor(() => findEnded(project).length > 0, TIMEOUT_MS);
      const deployment = (await (await fetch(`${api}/deployments/name/nightly/d`)).json()) as Sent;
      await post(`${api}/deployments/${deployment.id}/pause_deployment`, {});
      await waitFor(() => findEnded(project).length === findRunDirs(project).length, TIMEOUT_MS);
      const first = findEnded(project).at(-1)!;
      expect(first.info).toMatchObject({ result: 'failure', exitCode: 0, errorType: 'ValueError' });
      expect(first.spans.filter(({ name }) => name === 'nightly')).toHaveLength(1);

      const flowRuns = (await post(`${api}/flow_runs/filter`, {
        flow_runs: { id: { any_: findEnded(project).map(({ info }) => info.flowRunId) } },
      })) as Sent[];
      expect(flowRuns).toHaveLength(findEnded(project).length);
      const flowRun = flowRuns.find(({ id }) => id === first.info.flowRunId)!;
      expect(flowRun.auto_scheduled).toBe(true);
      expect(flowRun.labels['stagelight.run_id']).toBe(first.info.runId);

      // The server's own database isn't at hand where it runs on another machine.
      for (const known of [{ PREFECT_API_URL: api }, {}])
        expect(await findFlowId(first, { PREFECT_HOME: join(project, 'none'), ...known })).toBe(
          'yes',
        );

      rmSync(join(project, 'fail'));
      await post(`${api}/flow_runs/${flowRun.id}/set_state`, {
        state: { type: 'SCHEDULED', name: 'AwaitingRetry' },
      });
      const findSecond = () => findEnded(project).find(({ info }) => info.attempt === 2);
      await waitFor(() => findSecond() !== undefined, TIMEOUT_MS);
      const second = findSecond()!;
      expect(second.info).toMatchObject({
        result: 'success',
        attempt: 2,
        priorId: first.info.runId,
        flowRunId: first.info.flowRunId,
      });
      const root = second.spans.find(({ spanId }) => spanId === second.info.rootSpanId);
      expect(root?.links.map(({ traceId }) => traceId)).toEqual([first.info.traceId]);
      expect(second.lines.filter(({ body }) => body === 'at work')).toHaveLength(1);
    } finally {
      started?.kill('SIGTERM');
      server.kill('SIGTERM');
      await Promise.all([started, server]);
    }
  },
);

testWith('prefect')('recording the worker itself says how to record its flow runs', async () => {
  const { stderr } = await stagelight(createTemporaryDir(), [
    'run',
    '--',
    'prefect',
    'worker',
    'start',
    '--no-such-option',
  ]);

  expect(stderr).toContain('job_variables: {command: "stagelight run -- python -m prefect.engine"');
});

/** What Prefect's server has of a deployment or flow run. */
interface Sent {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly auto_scheduled?: boolean;
}

/** The newest first. */
function findEnded(project: string): RecordedRun[] {
  if (!existsSync(join(project, '.stagelight'))) return [];
  const runDirs = findRunDirs(project);
  return runDirs.flatMap((runDir, index) =>
    readRunInfo(runDir)?.state === 'finished' ? [readRun(project, index)] : [],
  );
}

/** What `verify` says of the flow run. */
async function findFlowId({ runDir }: RecordedRun, env: NodeJS.ProcessEnv): Promise<unknown> {
  const { stdout } = await stagelight(runDir, ['verify', runDir, '--json'], { env });
  const { ids } = JSON.parse(stdout) as { ids: { tool: string; carries: string }[] };
  return ids.find(({ tool }) => tool === 'prefect')?.carries;
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return await response.json();
}

/** A port of 127.0.0.1 that nobody listens on. */
async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
