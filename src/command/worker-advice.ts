/**
 * What to say to somebody who records a Prefect worker: its run would be as long as the worker's life, with every flow run
 * of it inside. A flow run that has a run of its own is what people look for.
 */
export function adviseOnWorker(command: readonly string[]): string | undefined {
  return /\bprefect\s+worker\s+start\b/.test(command.join(' '))
    ? `this records the worker, as one run that ends when it does; for a run of each flow run start the worker alone, and give the
  deployment  job_variables: {command: "stagelight run -- python -m prefect.engine", working_dir: <the project>}`
    : undefined;
}
