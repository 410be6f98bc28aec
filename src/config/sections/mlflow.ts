import * as v from 'valibot';
import type { Section } from '../section.ts';
import { mapping, SECONDS, SWITCH, line } from './values.ts';

/** `mlflow`: where runs are shown in MLflow. Logins come from MLflow's own variables alone. */
export const mlflow = {
  schema: mapping({
    /** `false`: nothing is written to MLflow, and the pipeline's own MLflow runs aren't tied to the run. */
    enabled: SWITCH,
    /** `false`: the run is tied to MLflow, but what is written there is left to `stagelight sink mlflow`. */
    send: SWITCH,
    /** The tracking server; `MLFLOW_TRACKING_URI` when left out. */
    tracking_uri: v.exactOptional(line('a tracking URI, such as http://localhost:5000')),
    /** The experiment's name; `MLFLOW_EXPERIMENT_NAME` or `_ID` when left out, else where the pipeline's runs are. */
    experiment: v.exactOptional(line("the experiment's name")),
    /** How long a run's start waits for the server, in seconds; one that doesn't answer isn't asked again for 5 minutes. */
    start_timeout: SECONDS,
    /** How long one request may take, in seconds. */
    request_timeout: SECONDS,
    /** A run in MLflow for every stage too. */
    stage_runs: SWITCH,
  }),
} satisfies Section;
