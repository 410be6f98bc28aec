import type { ServerResponse } from 'node:http';
import { decodeProtobuf } from '../../src/otlp/protobuf/decode.ts';
import { TRACES_REQUEST } from '../../src/otlp/protobuf/schema.ts';
import type { OtlpRequest } from '../support/otlp-server.ts';
import { readItems } from '../support/otlp-server.ts';

/*
 * As much of MLflow's REST interface as a run needs, kept in memory: for what a real server can't be made to do at a
 * chosen moment. What MLflow itself makes of it is tested on a real one.
 */

interface Run {
  info: Record<string, unknown>;
  tags: Map<string, string>;
}

// One for each server: known by the address that is asked for.
const RUNS = new Map<string, Map<string, Run>>();

export function answerAsMlflow(request: OtlpRequest, response: ServerResponse): void {
  const host = request.headers.host ?? '';
  const runs = RUNS.get(host) ?? new Map<string, Run>();
  RUNS.set(host, runs);
  const { pathname, searchParams } = new URL(request.path, 'http://localhost');
  const call = pathname.replace('/api/2.0/mlflow/', '');
  const body = call === pathname ? {} : parse(request.body);
  const answer = toAnswer(call, { ...body, ...Object.fromEntries(searchParams) }, runs);
  const status = answer === undefined ? 404 : 200;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { error_code: 'RESOURCE_DOES_NOT_EXIST', message: '' }));
}

function toAnswer(
  call: string,
  body: Record<string, unknown>,
  runs: Map<string, Run>,
): object | undefined {
  const run = runs.get(String(body['run_id']));
  const tags = (body['tags'] ?? []) as { key: string; value: string }[];
  switch (call) {
    case 'experiments/get-by-name':
    case 'experiments/get':
      return { experiment: { experiment_id: '1', name: 'e', lifecycle_stage: 'active' } };
    case 'experiments/search':
      return { experiments: [{ experiment_id: '1', name: 'e', lifecycle_stage: 'active' }] };
    case 'runs/create': {
      const run_id = (runs.size + 1).toString(16).padStart(32, '0');
      const info = {
        run_id,
        experiment_id: '1',
        status: 'RUNNING',
        start_time: body['start_time'],
      };
      const made = { info, tags: new Map(tags.map(({ key, value }) => [key, value])) };
      made.info = { ...info, artifact_uri: `mlflow-artifacts:/1/${run_id}/artifacts` } as never;
      runs.set(run_id, made);
      return { run: toJson(made) };
    }
    case 'runs/get':
      return run && { run: toJson(run) };
    case 'runs/update':
      Object.assign(run!.info, { status: body['status'], end_time: body['end_time'] });
      return {};
    case 'runs/log-batch':
      for (const { key, value } of tags) run!.tags.set(key, value);
      return {};
    case 'runs/set-tag':
      run!.tags.set(String(body['key']), String(body['value']));
      return {};
    case 'runs/delete-tag':
      return run!.tags.delete(String(body['key'])) ? {} : undefined;
    case 'runs/search':
      return {
        runs: [...runs.values()].filter((each) => fits(each, String(body['filter']))).map(toJson),
      };
    default:
      return {};
  }
}

/** Whether all tags that a filter compares by `=` are so, and those that it asks for by `LIKE` are there. */
function fits({ tags }: Run, filter: string): boolean {
  const equal = [...filter.matchAll(/tags\.`([^`]+)` = '([^']*)'/g)];
  const there = [...filter.matchAll(/tags\.`([^`]+)` LIKE/g)];
  return (
    equal.every(([, key, value]) => tags.get(key!) === value) &&
    there.every(([, key]) => tags.has(key!))
  );
}

function toJson({ info, tags }: Run): object {
  return { info, data: { tags: [...tags].map(([key, value]) => ({ key, value })) } };
}

function parse(body: Buffer): Record<string, unknown> {
  return body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as Record<string, unknown>);
}

/** The spans of a trace, and the records of `logs.jsonl` as an artifact. */
export function readMlflowKeys({ path, body }: OtlpRequest): string[] {
  if (path === '/v1/traces') {
    const json = decodeProtobuf(body, TRACES_REQUEST);
    return readItems(Buffer.from(JSON.stringify(json))).map(({ spanId }) => spanId!);
  }
  if (!path.endsWith('/otlp/logs.jsonl')) return [];
  const lines = body
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.flatMap((line) => readItems(Buffer.from(line)).map(({ uid }) => uid!));
}
