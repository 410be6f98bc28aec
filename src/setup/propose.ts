import { relative } from 'node:path';
import type { Change } from './change.ts';
import { toConfigPath } from './look.ts';
import type { Project } from './look.ts';

/**
 * The `stagelight.yaml` that suits a project: only what differs from what holds without one. `undefined` when the project
 * has one, or needs none.
 */
export function proposeConfig(project: Project): Change | undefined {
  if (project.configFile !== undefined || project.loggingFile === undefined) return undefined;
  const path = toConfigPath(project);
  const from = relative(project.root, project.loggingFile);
  return {
    path,
    reason: "one format and level for all stages, the project's own",
    text: `# Written by \`stagelight init\`; all keys are in docs/configuration.md.
logging:
  from: ${JSON.stringify(from)}
`,
  };
}

/** What can't be written for the user, or need not be: what to know of the tools that were found. */
export function adviseOn({ tools, stages, hydraFolders }: Project): string[] {
  const advice: string[] = [];
  const command = stages.length > 0 ? 'dvc repro' : 'python your_script.py';
  advice.push(`record a run with: stagelight run -- ${command}`);
  if (hydraFolders.length > 0)
    advice.push(
      "the run's ID and the stage in every line that Hydra prints: stagelight init hydra",
    );
  if (tools.has('mlflow'))
    advice.push('MLflow runs are tied to the run where MLFLOW_TRACKING_URI says which server');
  if (tools.has('prefect'))
    advice.push(
      'a flow that a Prefect worker runs needs job_variables: {command: "stagelight run -- python -m prefect.engine"}',
    );
  return advice;
}
