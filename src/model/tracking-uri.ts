import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * An MLflow tracking URI that means the same wherever it is read: relative paths in it (`sqlite:///mlflow.db`, `./mlruns`) are
 * made whole, and credentials go.
 * @param cwd the folder of the program that uses it
 */
export function toAbsoluteUri(uri: string, cwd: string): string {
  const file = /^(sqlite(?:\+\w+)?:\/\/\/)(?!\/)(.+)$/.exec(uri);
  if (file !== null) return `${file[1]}${resolve(cwd, file[2]!)}`;
  if (uri.startsWith('file:')) return tryToPath(uri) ?? uri;
  if (/^[a-z][\w+.-]*:/i.test(uri)) return uri.replace(/\/\/[^/@]*@/, '//');
  return isAbsolute(uri) ? uri : resolve(cwd, uri);
}

function tryToPath(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
