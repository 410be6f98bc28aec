import type { GitState, RunInfo } from '../../model/run-info.ts';
import { toDurationMs } from '../../model/time.ts';
import { toRunStatus } from '../run-status.ts';
import type { RunCourse } from '../tree/load-tree.ts';
import { LEVELS } from '../tree/log-facts.ts';
import { walk } from '../tree/run-node.ts';
import type { RunNode } from '../tree/run-node.ts';
import { toStageFacts } from '../tree/stage-facts.ts';
import type { StageFacts } from '../tree/stage-facts.ts';
import { toStudyFacts } from '../tree/study-facts.ts';
import { flattenValue } from './flatten-value.ts';

/** Something that two runs are compared by. */
export type Scalar = string | number | boolean;

/** What kinds of things are compared, in the order in which they are shown. */
export const SECTIONS = [
  'run',
  'git',
  'stages',
  'commands',
  'params',
  'overrides',
  'data',
  'metrics',
  'studies',
  'levels',
] as const;
export type SectionName = (typeof SECTIONS)[number];

export interface Fact {
  readonly name: string;
  readonly value: Scalar;
  /** The stage that says so. */
  readonly stage: string | undefined;
}

/** What a run is compared by. */
export interface RunFacts {
  readonly facts: Readonly<Record<SectionName, readonly Fact[]>>;
  /** The stages of which anything of a kind is known, where it is stages that say it. */
  readonly knownStages: Readonly<Partial<Record<SectionName, ReadonlySet<string>>>>;
  /** Of the stages that ran. */
  readonly durationsMs: ReadonlyMap<string, number>;
}

/** A stage of a run, and the node that has its metrics and studies: of a skipped stage, in the run that ran it. */
export interface ComparedStage {
  readonly address: string;
  readonly node: RunNode;
  readonly origin: RunNode | undefined;
}

export function toRunFacts(course: RunCourse, stages: readonly ComparedStage[]): RunFacts {
  const ofStages = STAGE_SECTIONS.map(({ section, list }) => {
    const told = stages.map((stage) => ({ stage: stage.address, rows: list(stage) }));
    const known = told.filter(({ rows }) => rows !== undefined);
    return {
      section,
      facts: known.flatMap(({ stage, rows }) => rows!.map((row) => ({ ...row, stage }))),
      known: new Set(known.map(({ stage }) => stage)),
    };
  });
  return {
    facts: {
      run: withoutStage(toRunRows(course)),
      git: withoutStage(toGitRows(course.run.info.git)),
      stages: withoutStage(
        stages.map(({ address, node }) => ({ name: address, value: toOutcome(node) })),
      ),
      levels: withoutStage(LEVELS.map((name) => ({ name, value: course.levels[name] }))),
      ...(Object.fromEntries(ofStages.map(({ section, facts }) => [section, facts])) as Record<
        StageSection,
        Fact[]
      >),
    },
    knownStages: Object.fromEntries(ofStages.map(({ section, known }) => [section, known])),
    durationsMs: toDurations(stages),
  };
}

type StageSection = Exclude<SectionName, 'run' | 'git' | 'stages' | 'levels'>;

/** What stages say; `undefined` is a stage of which it isn't known. */
const STAGE_SECTIONS: readonly {
  readonly section: StageSection;
  readonly list: (stage: ComparedStage) => readonly Named[] | undefined;
}[] = [
  { section: 'commands', list: ofStage(({ command }) => optional('command', command)) },
  { section: 'params', list: ofStage(toParamRows) },
  {
    section: 'overrides',
    list: ({ origin }) => origin && toStageFacts(origin).overrides?.map(parseOverride),
  },
  { section: 'data', list: ofLock(toDataRows) },
  { section: 'metrics', list: ({ origin }) => origin && toMetricRows(origin) },
  { section: 'studies', list: ({ origin }) => origin && toStudyRows(origin) },
];

/** What is known of a stage that wasn't blocked. */
function ofStage(
  list: (facts: StageFacts) => readonly Named[],
): (stage: ComparedStage) => readonly Named[] | undefined {
  return ({ node }) => {
    const facts = toStageFacts(node);
    const isKnown = node.status !== 'skip' || facts.outcome !== 'blocked';
    return isKnown && isLocked(facts) ? list(facts) : undefined;
  };
}

/** What only `dvc.lock` says: a stage that failed has put nothing out. */
function ofLock(
  list: (facts: StageFacts) => readonly Named[],
): (stage: ComparedStage) => readonly Named[] | undefined {
  return (stage) =>
    stage.node.status === 'success' || stage.node.status === 'skip'
      ? ofStage(list)(stage)
      : undefined;
}

function isLocked({ command, params, deps, outs }: StageFacts): boolean {
  return command !== undefined || Object.keys(params).length + deps.length + outs.length > 0;
}

function toDurations(stages: readonly ComparedStage[]): Map<string, number> {
  const ran = stages.filter(({ node }) => node.end !== undefined && node.status !== 'skip');
  return new Map(ran.map(({ address, node }) => [address, toDurationMs(node.start, node.end!)]));
}

interface Named {
  readonly name: string;
  readonly value: Scalar;
}

function withoutStage(rows: readonly Named[]): Fact[] {
  return rows.map((row) => ({ ...row, stage: undefined }));
}

function toOutcome(node: RunNode): string {
  return toStageFacts(node).outcome ?? node.status ?? 'ended';
}

function toRunRows({ run }: RunCourse): Named[] {
  const { pipeline, command, exitCode, errorType }: RunInfo = run.info;
  return [
    { name: 'pipeline', value: pipeline },
    { name: 'command', value: command.join(' ') },
    { name: 'result', value: toRunStatus(run) },
    ...optional('exit code', exitCode),
    ...(errorType === String(exitCode) ? [] : optional('error', errorType)),
  ];
}

function toGitRows(git: GitState | undefined): Named[] {
  return [
    ...optional('branch', git?.branch),
    ...optional('tag', git?.tag),
    ...optional('revision', git?.revision),
    ...optional('dirty', git?.isDirty),
    ...optional('diff', git?.diffSha256),
  ];
}

function optional(name: string, value: Scalar | undefined): Named[] {
  return value === undefined ? [] : [{ name, value }];
}

function toParamRows({ params }: StageFacts): Named[] {
  return Object.entries(params).flatMap(([name, value]) => flattenValue(name, value));
}

/** `key=value`, `+key=value`, `~key`, as Hydra takes them. */
function parseOverride(override: string): Named {
  const equals = override.indexOf('=');
  return equals < 0
    ? { name: override, value: true }
    : { name: override.slice(0, equals), value: override.slice(equals + 1) };
}

function toDataRows({ deps, outs }: StageFacts): Named[] {
  return [...deps, ...outs].flatMap(({ path, md5 }) => optional(path, md5));
}

function toMetricRows(origin: RunNode): Named[] {
  return origin.metrics.map(({ name, value }) => ({ name, value }));
}

function toStudyRows(origin: RunNode): Named[] {
  const studies = [...walk(origin)].filter(({ kind }) => kind === 'study');
  return studies.flatMap((study): Named[] => {
    const { name, trialCount, best } = toStudyFacts(study);
    return [
      { name: `${name}: trials`, value: trialCount },
      ...optional(`${name}: best trial`, best?.number),
      ...optional(`${name}: best value`, best?.values[0]),
      ...Object.entries(best?.params ?? {}).map(([param, value]) => ({
        name: `${name}: best ${param}`,
        value: value as Scalar,
      })),
    ];
  });
}
