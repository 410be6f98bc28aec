import type { Tell } from './recording.ts';

/** What a disk answers that takes nothing, as it stands in Node's messages: `ENOSPC: no space left on device`. */
const DISK_ERROR = /\bE(?:NOSPC|DQUOT|FBIG|ROFS|IO|ACCES)\b/;

/** Tells what the disk refused once for each reason: a full disk is one misfortune, whoever meets it. */
export function tellOnce(tell: Tell): Tell {
  const told = new Set<string>();
  return (message) => {
    const reason = DISK_ERROR.exec(message)?.[0];
    if (reason !== undefined && told.has(reason)) return;
    if (reason !== undefined) told.add(reason);
    tell(message);
  };
}
