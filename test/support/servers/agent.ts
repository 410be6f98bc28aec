import { fileURLToPath } from 'node:url';
import { AGENT, Collector } from './collector.ts';
import { Jaeger } from './jaeger.ts';
import { Loki } from './loki.ts';
import { untilTestEnds } from './server-process.ts';

/** The Loki configuration that this project ships. */
export const LOKI_CONFIG = fileURLToPath(
  new URL('../../../collector-config/loki.yaml', import.meta.url),
);

export interface AgentStack {
  readonly collector: Collector;
  readonly jaeger: Jaeger;
  readonly loki: Loki;
}

/** The project's Collector with Jaeger and Loki behind it, none of them started, all stopped when the test has ended. */
export async function createAgentStack(
  dir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<AgentStack> {
  const jaeger = untilTestEnds(await Jaeger.create());
  const loki = untilTestEnds(await Loki.create({ dir, config: LOKI_CONFIG }));
  const collector = untilTestEnds(
    await Collector.create({
      dir,
      configs: [AGENT],
      env: {
        STAGELIGHT_JAEGER_ENDPOINT: jaeger.otlpUrl,
        STAGELIGHT_LOKI_ENDPOINT: loki.otlpUrl,
        STAGELIGHT_TO_TEMPO: 'nop',
        ...env,
      },
    }),
  );
  return { collector, jaeger, loki };
}
