import { mkdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FILE } from '../../src/spool/layout.ts';
import { readRecords, readSpans } from '../../src/spool/signal-reader.ts';
import { testWith } from '../support/peers.ts';
import { makeRecentRun } from '../support/recent-run.ts';
import { findFreePort } from '../support/servers/free-port.ts';
import { postRun } from '../support/servers/post-otlp.ts';
import { ServerProcess, fetchStatus, untilTestEnds } from '../support/servers/server-process.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';
import { loadProject } from './project.ts';
import type { ComposeService } from './project.ts';

/** The ports that services have inside their containers, each mapped to a free one here. */
class HostPorts {
  readonly #ports = new Map<string, number>();

  async add(...addresses: string[]): Promise<void> {
    for (const address of addresses) this.#ports.set(address, await findFreePort());
  }

  get(address: string): number {
    return this.#ports.get(address)!;
  }

  /** A command's argument or a variable's value as it has to be outside of the container. */
  translate(text: string, service: string, folders: readonly [string, string][]): string {
    let translated = text;
    for (const [address, port] of this.#ports) {
      const [host, inner] = address.split(':') as [string, string];
      translated = translated.replaceAll(`//${address}`, `//127.0.0.1:${port}`);
      if (host !== service) continue;
      translated = translated.replaceAll(`0.0.0.0:${inner}`, `127.0.0.1:${port}`);
      if (translated === inner) translated = String(port);
      translated = translated.replace(new RegExp(`^(--port=)${inner}$`), `$1${port}`);
    }
    translated = translated.replace(/0\.0\.0\.0$/, '127.0.0.1');
    // In one go: what a folder is here may lie below one that means another there.
    const inside = new RegExp(`(?<!\\w)(${folders.map(([inner]) => inner).join('|')})(?=/|$)`);
    const outside = new Map(folders);
    return translated.replace(inside, (inner) => outside.get(inner)!);
  }
}

interface ByHand {
  readonly name: string;
  readonly program: string;
  readonly url: string;
  readonly isReady: (status: number) => boolean;
}

/** Starts a service's command with its environment and files, as its container would. */
async function startByHand(home: string, ports: HostPorts, hand: ByHand): Promise<ServerProcess> {
  const service: ComposeService = loadProject().services[hand.name]!;
  const folders = (service.volumes ?? []).map(({ type, source, target }): [string, string] => [
    target,
    type === 'bind' ? source : join(home, source),
  ]);
  for (const [, folder] of folders) if (folder.startsWith(home)) mkdirSync(folder);
  const toHost = (text: string): string => ports.translate(text, hand.name, folders);
  const args = service.command!.map(toHost).filter((arg) => arg !== hand.program);
  const env = Object.entries(service.environment ?? {}).map(([key, value]) => [key, toHost(value)]);
  const server = new ServerProcess({
    program: hand.program,
    args,
    cwd: home,
    env: {
      LOKI_GRPC_PORT: String(await findFreePort()),
      JAEGER_GRPC_PORT: String(await findFreePort()),
      ...Object.fromEntries(env),
    },
    isReady: async () => hand.isReady(await fetchStatus(hand.url)),
  });
  await untilTestEnds(server).start();
  return server;
}

const isOk = (status: number): boolean => status === 200;

testWith(
  'compose',
  'otelcol',
  'jaeger',
  'loki',
  'mlflow',
)(
  "the services' own commands, started by hand, take a run to Jaeger and Loki",
  { timeout: 300_000 },
  async () => {
    const home = createTemporaryDir();
    const ports = new HostPorts();
    await ports.add('collector:4318', 'collector:4317', 'collector:13133', 'jaeger:4318');
    await ports.add('jaeger:16686', 'jaeger:13133', 'loki:3100', 'tempo:4318', 'mlflow:5000');
    await ports.add('mlflow-sink:4318');
    const at = (address: string, path: string): string =>
      `http://127.0.0.1:${ports.get(address)}${path}`;
    const start = (name: string, program: string, url: string): Promise<ServerProcess> =>
      startByHand(home, ports, { name, program, url, isReady: isOk });
    const [collector] = await Promise.all([
      start('collector', 'otelcol', at('collector:13133', '/')),
      start('jaeger', 'jaeger', at('jaeger:13133', '/status')),
      start('loki', 'loki', at('loki:3100', '/ready')),
      start('mlflow', 'mlflow', at('mlflow:5000', '/health')),
    ]);

    const { runDir, info } = makeRecentRun({
      home,
      entries: (run, time) => [
        ...run.stage('train', [time + 1, time + 9]),
        run.log(time + 2, 'hello', { span: run.stageId('train') }),
      ],
    });
    await postRun(at('collector:4318', ''), runDir);
    const spans = [...readSpans(join(runDir, FILE.traces))];
    await waitFor(async () => {
      const answer = await fetch(at('jaeger:16686', `/api/traces/${info.runId}`));
      const { data } = (await answer.json()) as { data: { spans: unknown[] }[] | null };
      return data?.[0]?.spans.length === spans.length;
    }, 60_000);
    const query = `sum(count_over_time({service_instance_id="${info.runId}"}[1d]))`;
    await waitFor(async () => {
      const answer = await fetch(
        at('loki:3100', `/loki/api/v1/query?${new URLSearchParams({ query }).toString()}`),
      );
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(data.result[0]?.value[1]) === [...readRecords(join(runDir, FILE.logs))].length;
    }, 60_000);
    expect(collector.log).not.toMatch(/deprecat/i);

    // MLflow takes requests under the name that it has among the containers, and refuses other names.
    const askAs = async (host: string): Promise<number> => {
      const path = '/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default';
      return await fetchStatusAs(at('mlflow:5000', path), host);
    };
    expect(await askAs('mlflow:5000')).toBe(200);
    expect(await askAs('evil.example.com')).toBe(403);
  },
);

/** The status of a request with another `Host`, which `fetch` can't say. */
function fetchStatusAs(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    }).on('error', reject);
  });
}
