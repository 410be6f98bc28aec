import { existsSync, readlinkSync } from 'node:fs';

const ZONES = '/usr/share/zoneinfo/';

/**
 * The IANA name of this process's zone; `UTC` where the system names none. `Intl` knows it too, but asking costs 20 ms of
 * CPU (bench/startup.mjs), so it is asked only where the system's files don't say.
 */
export function localZoneName(): string {
  return readZone() ?? (Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
}

function readZone(): string | undefined {
  const name = process.env['TZ'] ?? readLinkedZone();
  if (name === 'UTC') return name;
  return name !== undefined &&
    /^[A-Z][\w+-]*(?:\/[\w+-]+){1,2}$/.test(name) &&
    existsSync(ZONES + name)
    ? name
    : undefined;
}

/** The zone that `/etc/localtime` links to, where it is a link. */
function readLinkedZone(): string | undefined {
  try {
    return /\/zoneinfo\/(?:posix\/)?(.+)$/.exec(readlinkSync('/etc/localtime'))?.[1];
  } catch {
    return undefined;
  }
}
