import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../support/peers.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A service as the Compose specification's loader gives it. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command: readonly string[] | null;
  readonly entrypoint: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly {
    readonly type: 'bind' | 'volume';
    readonly source: string;
    readonly target: string;
    readonly read_only?: boolean;
  }[];
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: {
    readonly resources: { readonly limits: { readonly cpus: number; readonly memory: string } };
  };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeProject {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** `docker-compose.yml`, loaded. @throws with the loader's words when it isn't valid. */
export function loadProject(): ComposeProject {
  const args = [`${ROOT}docker-compose.yml`];
  return JSON.parse(execFileSync(findProgram('compose')!, args, { encoding: 'utf8' })) as never;
}
