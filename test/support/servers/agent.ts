import { fileURLToPath } from 'node:url';
import { AGENT, Collector } from './collector.ts';
import { Jaeger } from './jaeger.ts';
import { Loki } from './loki.ts';
import { untilTestEnds } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

/** The Loki configuration that this project ships. */
export const LOKI_CONFIG = fileURLToPath(
  new URL('../../../collector-config/loki.yaml', import.meta.url),
);

export interface AgentStack {
  readonly collector: Collector;
  readonly jaeger: Jaeger;
  readonly loki: Loki;
}

/** The project's Collector with Jaeger and Loki behind it, none of them started. */
export async function makeAgentStack(
  dir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<AgentStack> {
  const jaeger = await Jaeger.create();
  const loki = await Loki.create({ dir, config: LOKI_CONFIG });
  const collector = await Collector.create({
    dir,
    configs: [AGENT],
    env: {
      STAGELIGHT_JAEGER_ENDPOINT: jaeger.otlpUrl,
      STAGELIGHT_LOKI_ENDPOINT: loki.otlpUrl,
      STAGELIGHT_TO_TEMPO: 'nop',
      ...env,
    },
  });
  return { collector, jaeger, loki };
}

/** The same, all of them stopped when the test has ended. */
export async function createAgentStack(
  dir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<AgentStack> {
  const stack = await makeAgentStack(dir, env);
  for (const server of Object.values(stack)) untilTestEnds(server as ServerProcess);
  return stack;
}
