import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Artifact, CallOptions } from './api.ts';
import { LocalCaller } from './local-caller.ts';
import { MlflowError } from './mlflow-error.ts';
import type { MlflowStore } from './settings.ts';

export interface PythonPlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Writes artifacts where a server has them lie past its own proxy (`--no-serve-artifacts`): in a folder or a cloud's
 * store, as the user's own programs do it, through the mlflow package of his Python, with its credentials.
 */
export class DirectArtifacts {
  readonly #url: string;
  readonly #caller: LocalCaller;

  constructor(store: Extract<MlflowStore, { type: 'server' }>, { cwd, env }: PythonPlace) {
    this.#url = store.url;
    const login = toLogin(store.access.authorization);
    this.#caller = new LocalCaller({ uri: store.url, cwd, env: { ...login, ...env } });
  }

  /** @throws {MlflowError} `missing` where they can't be written from here. */
  async put(artifact: Artifact, options?: CallOptions): Promise<void> {
    const { artifactUri } = artifact.run;
    if (!isWithinReach(artifactUri, this.#url)) throw toProblem(artifactUri, 'that is not here');
    try {
      await this.#caller.putArtifact(artifact, options);
    } catch (error) {
      throw toProblem(artifactUri, (error as Error).message);
    }
  }

  close(): void {
    this.#caller.close();
  }
}

/** A folder of another machine isn't one of the same name here. */
function isWithinReach(artifactUri: string, url: string): boolean {
  const folder = toFolder(artifactUri);
  return folder === undefined || isLocalHost(new URL(url).hostname) || existsSync(dirname(folder));
}

function toFolder(artifactUri: string): string | undefined {
  if (artifactUri.startsWith('file:')) return tryToPath(artifactUri);
  return /^[\w+-]{2,}:/.test(artifactUri) ? undefined : artifactUri;
}

function tryToPath(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    return uri;
  }
}

function isLocalHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** A login that stands in the tracking URI: the package looks for it in its variables. */
function toLogin(authorization: string | undefined): NodeJS.ProcessEnv {
  const encoded = /^Basic (.+)$/.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return {};
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString())!;
  return { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password };
}

function toProblem(artifactUri: string, why: string): MlflowError {
  const shown = artifactUri.replace(/\/\/[^/@]*@/, '//');
  return new MlflowError(
    'missing',
    `the server keeps artifacts at ${shown}, past its own artifact proxy, and ${why}`,
  );
}
