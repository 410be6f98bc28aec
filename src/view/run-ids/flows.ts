import { homedir } from 'node:os';
import { join } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import { getJson, parseStoreUrl } from '../../sink/store/get-json.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { StoreAnswer } from './ask-stores.ts';
import { SQLITE } from './asked.ts';
import type { Asked } from './asked.ts';

interface Request {
  readonly runId: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Prefect's flow runs: each has the ID among its labels, in Prefect's own database or on its server. */
export function findFlows(
  { info: { runId }, env }: { info: { runId: string }; env: NodeJS.ProcessEnv },
  spans: readonly StoredSpan[],
): Asked[] {
  const flows = spans.filter(
    ({ attributes }) =>
      attributes[ATTR.prefectFlowRunId] !== undefined &&
      attributes[ATTR.prefectTaskRunId] === undefined &&
      attributes[ATTR.prefectFlowRunName] !== undefined,
  );
  const url = env['PREFECT_API_DATABASE_CONNECTION_URL'] ?? '';
  const home = env['PREFECT_HOME'] ?? join(homedir(), '.prefect');
  const place = SQLITE.exec(url)?.[1] ?? join(home, 'prefect.db');
  return flows.map(({ attributes }) => {
    const name = String(attributes[ATTR.prefectFlowRunId]);
    const api = env['PREFECT_API_URL'] ?? attributes[ATTR.prefectApiUrl];
    return {
      found: {
        tool: 'prefect',
        where: `flow run ${String(attributes[ATTR.prefectFlowRunName])}`,
        carries: 'unknown',
        detail: '',
      },
      store: { tool: 'prefect', kind: 'sqlite', place, name },
      ...(typeof api === 'string' && { ask: () => askServer(api, name, { runId, env }) }),
    };
  });
}

/** https://docs.prefect.io/v3/api-ref/rest-api (`GET /flow_runs/{id}`) */
async function askServer(api: string, name: string, { runId, env }: Request): Promise<StoreAnswer> {
  let shown = 'PREFECT_API_URL';
  try {
    const url = parseStoreUrl(api);
    shown = url.shown;
    // A server that only the run names gets no credentials.
    const headers = env['PREFECT_API_URL'] === api ? toCredentials(env) : {};
    const answer = await getJson(url, `/flow_runs/${encodeURIComponent(name)}`, headers);
    if (answer === undefined) return { known: 0 };
    const labels = (answer as { labels?: Record<string, unknown> | null }).labels;
    return { known: 1, carrying: labels?.['stagelight.run_id'] === runId ? 1 : 0 };
  } catch (error) {
    const problem = `${shown} can't be asked: ${(error as Error).message}`;
    return { problem: env['PREFECT_API_URL'] === undefined ? `${problem}; ${HINT}` : problem };
  }
}

const HINT = 'set PREFECT_API_URL, and PREFECT_API_KEY where it is needed';

/** https://docs.prefect.io/v3/advanced/security-settings */
function toCredentials(env: NodeJS.ProcessEnv): Record<string, string> {
  const { PREFECT_API_KEY: key, PREFECT_API_AUTH_STRING: login } = env;
  if (login) return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return key ? { authorization: `Bearer ${key}` } : {};
}
