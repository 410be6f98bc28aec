import { join } from 'node:path';
import type { Link } from '@opentelemetry/api';
import { TraceFlags } from '@opentelemetry/api';
import { ATTR, EVENT } from '../../model/attributes.ts';
import type { Attributes, AttributeValue, StageOutcome } from '../../model/pipeline.ts';
import type { ProducedStage } from '../../model/run-info.ts';
import type { UnixTime } from '../../model/time.ts';
import type { OpenSpan } from '../course/span-book.ts';
import { relateRunDir } from '../hydra/job.ts';
import { HydraOutputs } from '../hydra/outputs.ts';
import type { Lineage } from '../lineage.ts';
import type { Recorder } from '../recorder.ts';
import { runsPython, sayUnhooked } from '../unhooked.ts';
import { findChanges, listParameters } from './lock.ts';
import type { DvcLocks, LockedPath, LockedStage } from './lock.ts';
import { readMetrics } from './metrics.ts';
import type { DeclaredStage, DvcProject } from './project.ts';
import { readWorkingStage } from './working-stage.ts';

export interface StageFactsOptions {
  readonly project: DvcProject;
  readonly locks: DvcLocks;
  readonly lineage: Lineage;
  readonly recorder: Recorder;
  /** Whether no process of a stage has told that the hook is in it, though it should be. */
  readonly isUnhooked: (stage: string) => boolean;
}

/** How a stage ended. */
export interface EndedStage {
  readonly outcome: StageOutcome;
  readonly end: UnixTime;
  /** The commands that were seen. */
  readonly commands: readonly string[];
}

const MAX_PATHS = 100;
const MAX_PARAMS = 256;

/** What `dvc.yaml`, `dvc.lock`, the metrics files and Hydra's output say of the stages that ran. */
export class StageFacts {
  readonly #options: StageFactsOptions;
  readonly #produced: ProducedStage[] = [];
  readonly #hydra = new HydraOutputs();

  constructor(options: StageFactsOptions) {
    this.#options = options;
  }

  /** What this run's stages have put out so far. */
  get produced(): readonly ProducedStage[] {
    return this.#produced;
  }

  knows(address: string): boolean {
    return this.#options.project.knows(address);
  }

  /** The stage's commands, as `dvc.yaml` has them: with `${…}` where DVC fills something in. */
  commands(address: string): readonly string[] {
    return this.#options.project.find(address)?.cmd ?? [];
  }

  /** A stage begins: what its lock file says now is what it said before. */
  begin(_address: string): void {
    this.#options.locks.remember();
  }

  /** A stage has ended: what its span shows beside its outcome. Adds links to the span and logs its metrics. */
  end(span: OpenSpan, ended: EndedStage): Attributes {
    const { outcome } = ended;
    const declared = this.#options.project.find(span.name);
    const stage = this.#readStage(span.name, ended);
    if (stage === undefined)
      return declared === undefined ? {} : { [ATTR.dvcCommand]: declared.cmd.join('\n') };
    const attributes = toStageAttributes(stage);
    if (outcome === 'ran' || outcome === 'failed') {
      attributes[ATTR.dvcChanged] = findChanges(this.#options.locks.before(span.name), stage);
      if (declared !== undefined) Object.assign(attributes, this.#findHydra(span, declared));
    } else if (stage.outs.length > 0) {
      Object.assign(attributes, this.#linkProducer(span, stage));
    }
    if (outcome === 'ran') {
      if (declared !== undefined) this.#noteHook(span, { declared, end: ended.end });
      this.#logMetrics(span, ended.end);
      const outs = stage.outs.map((out) => out.md5);
      this.#produced.push({ stage: span.name, spanId: span.spanId, outs });
    }
    return attributes;
  }

  /** What its process has told of Hydra's job, else what the job has left behind. */
  #findHydra(span: OpenSpan, { folder }: DeclaredStage): Attributes {
    // Looked for in any case: what is found is nobody else's.
    const found = this.#hydra.find(folder, span.start);
    return span.attributes[ATTR.hydraRunDir] === undefined
      ? found
      : relateRunDir(span.attributes, folder);
  }

  /** Says that a stage's Python was seen from outside only. */
  #noteHook(span: OpenSpan, { declared, end }: { declared: DeclaredStage; end: UnixTime }): void {
    if (!declared.cmd.some(runsPython) || !this.#options.isUnhooked(span.name)) return;
    const { recorder } = this.#options;
    sayUnhooked({ recorder, scope: span.scope, time: end, what: `stage ${span.name}` });
  }

  /** What is known of a stage: its lock, or the working tree where it failed. */
  #readStage(address: string, { outcome, commands }: EndedStage): LockedStage | undefined {
    if (outcome === 'dry_run' || outcome === 'blocked') return undefined;
    const declared = this.#options.project.find(address);
    if (outcome === 'failed') return declared && readWorkingStage(declared, commands);
    const isExpected = declared !== undefined && declared.deps.length + declared.outs.length > 0;
    return this.#options.locks.now(address, isExpected);
  }

  /** The run that last produced a skipped stage's outputs, as a link, else in words. */
  #linkProducer(span: OpenSpan, locked: LockedStage): Attributes {
    const outs = locked.outs.map((out) => out.md5);
    const own = this.#produced.findLast(
      (item) => item.stage === span.name && item.outs.join() === outs.join(),
    );
    if (own !== undefined) return {};
    const producer = this.#options.lineage.find(span.name, outs);
    if (producer === undefined) {
      return { [ATTR.producedBy]: `produced elsewhere (md5 ${outs.join(', ').slice(0, 400)})` };
    }
    span.links.push(toProducerLink(producer.info.traceId, producer.stage.spanId));
    return { [ATTR.producedBy]: producer.info.runId };
  }

  #logMetrics(span: OpenSpan, time: UnixTime): void {
    const declared = this.#options.project.find(span.name);
    if (declared === undefined) return;
    for (const file of declared.metrics) {
      if (file.includes('${')) continue;
      for (const [name, value] of Object.entries(readMetrics(join(declared.folder, file)))) {
        this.#options.recorder.event({
          scope: span.scope,
          name: EVENT.metric,
          time,
          body: `${name} = ${value}`,
          attributes: {
            [ATTR.metricName]: name,
            [ATTR.metricValue]: value,
            [ATTR.logFilePath]: file,
          },
          uid: `${span.spanId}-metric-${file}-${name}`.slice(0, 400),
          logger: 'dvc',
        });
      }
    }
  }
}

function toProducerLink(traceId: string, spanId: string): Link {
  return {
    context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
    attributes: { [ATTR.linkKind]: 'producer' },
  };
}

function toStageAttributes(locked: LockedStage): Attributes {
  const params = listParameters(locked)
    .slice(0, MAX_PARAMS)
    .map(({ name, value }) => [`${ATTR.dvcParamPrefix}${name}`, toAttributeValue(value)] as const);
  return {
    [ATTR.dvcCommand]: locked.cmd,
    [ATTR.dvcDeps]: locked.deps.slice(0, MAX_PATHS).map(toPathText),
    [ATTR.dvcOuts]: locked.outs.slice(0, MAX_PATHS).map(toPathText),
    ...Object.fromEntries(params),
  };
}

function toPathText({ path, md5, size }: LockedPath): string {
  return [path, md5, size].filter((part) => part !== undefined && part !== '').join(' ');
}

function toAttributeValue(value: unknown): AttributeValue {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? value : (JSON.stringify(value) ?? '');
}
