import { findDescendants } from './descendants.ts';

/** Signals that end things: passed on to everything that the command has started. */
const ENDING = ['SIGTERM', 'SIGHUP'] as const;
/** Signals that the terminal sends to its whole foreground group. */
const KEYBOARD = ['SIGINT', 'SIGQUIT'] as const;
/** Signals with a meaning of the command's own. */
const OWN = ['SIGUSR1', 'SIGUSR2'] as const;

export interface SignalRelayOptions {
  readonly pid: number;
  /** Whether the command shares our process group, and so gets the terminal's signals without us. */
  readonly sharesGroup: boolean;
  readonly onSignal: (signal: NodeJS.Signals) => void;
}

/** Passes the signals that we get on to the command, each once. Gives what undoes it. */
export function relaySignals(options: SignalRelayOptions): () => void {
  const { pid, sharesGroup, onSignal } = options;
  const handlers = new Map<NodeJS.Signals, () => void>();
  const handle = (signal: NodeJS.Signals, pass: () => void): void => {
    handlers.set(signal, () => {
      onSignal(signal);
      pass();
    });
  };
  for (const signal of ENDING)
    handle(signal, () => killTree({ pid, signal, isGroup: !sharesGroup }));
  for (const signal of KEYBOARD)
    handle(signal, () => sharesGroup || killTree({ pid, signal, isGroup: true }));
  for (const signal of OWN) handle(signal, () => kill(pid, signal));
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** Signals a process, its group where it leads one, and every descendant that has left the group. */
function killTree(target: { pid: number; signal: NodeJS.Signals; isGroup: boolean }): void {
  const { pid, signal, isGroup } = target;
  const descendants = findDescendants(pid);
  if (!isGroup) {
    for (const each of [pid, ...descendants.map((listed) => listed.pid)]) kill(each, signal);
    return;
  }
  const outside = descendants.filter(({ group }) => group !== pid);
  kill(-pid, signal);
  for (const each of outside) kill(each.pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
