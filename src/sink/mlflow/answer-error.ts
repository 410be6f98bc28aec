import { MlflowError } from './mlflow-error.ts';
import type { HttpResponse } from './http-transport.ts';

/** An answer that says no, as one sentence with what to change. */
export function toAnswerError(
  { status, headers, body }: HttpResponse,
  { place, path }: { readonly place: string; readonly path: string },
): MlflowError {
  const said = readMessage(body);
  if (status === 401) {
    return blocked(
      `MLflow at ${place} asks for a login: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN`,
    );
  }
  if (status === 403 && /Invalid Host header/i.test(said.message)) {
    return blocked(
      `MLflow at ${place} doesn't answer to this name: start it with --allowed-hosts '${new URL(place).host},localhost:*'`,
    );
  }
  if (status === 403) {
    return blocked(
      `MLflow at ${place} forbids ${toPath(path)} to this user: give him EDIT on the experiment`,
    );
  }
  if (path === '/v1/traces' && NO_SUCH_THING.has(status) && said.code === undefined) {
    return new MlflowError(
      'unsupported',
      `MLflow at ${place} takes no traces (no /v1/traces): that needs MLflow 3.6 or later with a SQL store`,
    );
  }
  if (said.code === 'RESOURCE_DOES_NOT_EXIST') {
    return new MlflowError('missing', `MLflow at ${place}: ${said.message}`);
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    return blocked(
      `what answers at ${place} isn't MLflow, or is too old: ${toPath(path)} gave ${status}; is the tracking URI right?`,
    );
  }
  if (status === 429 || status >= 500) {
    return new MlflowError('retry', `MLflow at ${place} answers ${status}: ${said.message}`, {
      retryAtMs: toRetryTime(headers['retry-after']),
    });
  }
  return new MlflowError('refused', `MLflow refuses ${toPath(path)} (${status}): ${said.message}`);
}

/** 501 of a server whose store is a folder. */
const NO_SUCH_THING: ReadonlySet<number> = new Set([404, 405, 501]);

function blocked(message: string): MlflowError {
  return new MlflowError('blocked', message);
}

const MAX_MESSAGE = 300;

function readMessage(body: Buffer): { code: string | undefined; message: string } {
  const text = body.toString('utf8', 0, 64 * 1024);
  let code: string | undefined;
  let message = text;
  try {
    const json = JSON.parse(text) as { error_code?: unknown; message?: unknown };
    if (typeof json.error_code === 'string') code = json.error_code;
    if (typeof json.message === 'string') message = json.message;
  } catch {
    // An answer in HTML or plain text.
  }
  const shown = message.replaceAll(/\s+/g, ' ').trim();
  return { code, message: shown.length > MAX_MESSAGE ? `${shown.slice(0, MAX_MESSAGE)}…` : shown };
}

function toPath(path: string): string {
  return path.replace(/\?.*$/, '');
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date. */
function toRetryTime(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const atMs = Number.isFinite(seconds) ? Date.now() + seconds * 1000 : Date.parse(value);
  // One that asks for a year is not believed.
  return Number.isNaN(atMs) ? undefined : Math.min(atMs, Date.now() + 3_600_000);
}
