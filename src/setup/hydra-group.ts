import { join, resolve } from 'node:path';
import type { Change } from './change.ts';
import { asRecord, readYaml } from '../merge/dvc/project.ts';
import { findOwners } from './reruns.ts';
import type { Project } from './look.ts';

const FORMAT =
  '[%(asctime)s][${oc.env:STAGELIGHT_RUN_ID,-}][${oc.env:DVC_STAGE,-}][%(name)s][%(levelname)s] - %(message)s';

/** The config group `hydra/job_logging: stagelight`. https://hydra.cc/docs/configure_hydra/logging/ */
const TEXT = `# Written by \`stagelight init hydra\`: one format and level for all stages, with the run's ID and the stage in each line.
# It is in effect where the defaults list of a config says so:
#
#   defaults:
#     - override hydra/job_logging: stagelight
version: 1
formatters:
  stagelight:
    format: '${FORMAT}'
handlers:
  console:
    class: logging.StreamHandler
    formatter: stagelight
    stream: ext://sys.stdout
  file:
    class: logging.FileHandler
    formatter: stagelight
    filename: \${hydra.runtime.output_dir}/\${hydra.job.name}.log
root:
  level: INFO
  handlers: [console, file]
disable_existing_loggers: false
`;

/** The group, in each folder of Hydra configuration. */
export function proposeHydraGroup({ hydraFolders }: Project): Change[] {
  return hydraFolders.map((folder) => ({
    path: join(folder, 'hydra', 'job_logging', 'stagelight.yaml'),
    text: TEXT,
    reason: 'the config group hydra/job_logging: stagelight',
  }));
}

/**
 * The stages whose output Hydra's log file is in, by a configuration's `hydra.run.dir`: with the run's ID in every line that
 * output would differ from run to run.
 */
export function findLoggingOutputs(project: Project): string[] {
  const found = new Set<string>();
  for (const folder of project.hydraFolders) {
    const config = asRecord(readYaml(join(folder, 'config.yaml')));
    const dir = asRecord(asRecord(config['hydra'])['run'])['dir'];
    if (typeof dir !== 'string') continue;
    // What comes before the first interpolation: the rest is different from run to run.
    const [fixed = ''] = dir.split('${', 1);
    for (const stage of findOwners(project.dvc, resolve(project.root, fixed))) found.add(stage);
  }
  return [...found];
}
