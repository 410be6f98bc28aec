/**
 * What `--stage` means: a stage's whole address, a pattern with `*` and `?`, or its name alone, without the path of
 * another `dvc.yaml` before it (`sub/dvc.yaml:train`) or the key of a matrix behind it (`train@lr0.1`).
 */
export function createStageTest(wanted: string): (address: string) => boolean {
  if (!/[*?]/.test(wanted)) return (address) => address === wanted || toNames(address).has(wanted);
  const pattern = new RegExp(`^${toSource(wanted)}$`, 's');
  return (address) =>
    pattern.test(address) || [...toNames(address)].some((name) => pattern.test(name));
}

function toSource(glob: string): string {
  return glob
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
}

function toNames(address: string): ReadonlySet<string> {
  const local = address.slice(address.lastIndexOf(':') + 1);
  const at = local.indexOf('@');
  return new Set([local, at < 0 ? local : local.slice(0, at)]);
}
