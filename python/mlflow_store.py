"""Reads and writes an MLflow store that isn't behind a server, for `stagelight`: through the mlflow package of the user's Python.

Standard input: one JSON object a line, `{"endpoint": "runs/create", "body": {...}}`, with MLflow's own REST bodies. Standard
output: for each the answer, `{"ok": {...}}` or `{"fault": "missing" | "refused" | "retry", "message": "..."}`. What others
print goes to standard error.
"""

import json
import os
import sys
import uuid

OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

try:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException
except ImportError as error:
    print(json.dumps({"fault": "blocked", "message": f"{sys.executable} can't import mlflow: {error}"}), file=OUT)
    sys.exit(0)


class WantedId:
    """Stands for the module `uuid` in a store while it makes a run: stores give runs an ID of their own choice."""

    def __init__(self, wanted):
        self.wanted = wanted

    def __getattr__(self, name):
        return getattr(uuid, name)

    def uuid4(self):
        return uuid.UUID(self.wanted)


def create_run(client, body):
    store = client._tracking_client.store
    module = sys.modules[type(store).__module__]
    wanted = body.get("run_id")
    replaced = wanted is not None and getattr(module, "uuid", None) is uuid
    if replaced:
        module.uuid = WantedId(wanted)
    try:
        run = client.create_run(body["experiment_id"], body["start_time"], to_values(body["tags"]), body["run_name"])
    finally:
        if replaced:
            module.uuid = uuid
    return {"run": to_run(run)}


def log_batch(client, body):
    metrics = [Metric(m["key"], float(m["value"]), m["timestamp"], m["step"]) for m in body["metrics"]]
    params = [Param(p["key"], p["value"]) for p in body["params"]]
    tags = [RunTag(t["key"], t["value"]) for t in body["tags"]]
    client.log_batch(body["run_id"], metrics, params, tags)
    return {}


def search_runs(client, body):
    found = client.search_runs(
        body["experiment_ids"],
        body["filter"],
        max_results=body["max_results"],
        order_by=body["order_by"],
        page_token=body.get("page_token"),
    )
    return {"runs": [to_run(run) for run in found], "next_page_token": found.token}


def search_experiments(client, body):
    found = client.search_experiments(max_results=body["max_results"], page_token=body.get("page_token"))
    return {"experiments": [to_experiment(each) for each in found], "next_page_token": found.token}


def find_experiment(client, body):
    experiment = client.get_experiment_by_name(body["experiment_name"])
    if experiment is None:
        raise Missing(f"no experiment {body['experiment_name']}")
    return {"experiment": to_experiment(experiment)}


class Missing(Exception):
    pass


def done(_):
    return {}


ENDPOINTS = {
    "experiments/get-by-name": find_experiment,
    "experiments/get": lambda client, body: {"experiment": to_experiment(client.get_experiment(body["experiment_id"]))},
    "experiments/search": search_experiments,
    "experiments/create": lambda client, body: {"experiment_id": client.create_experiment(body["name"])},
    "runs/create": create_run,
    "runs/get": lambda client, body: {"run": to_run(client.get_run(body["run_id"]))},
    "runs/update": lambda client, body: done(client.set_terminated(body["run_id"], body["status"], body["end_time"])),
    "runs/log-batch": log_batch,
    "runs/search": search_runs,
    "runs/delete": lambda client, body: done(client.delete_run(body["run_id"])),
    "runs/set-tag": lambda client, body: done(client.set_tag(body["run_id"], body["key"], body["value"])),
    "runs/delete-tag": lambda client, body: done(client.delete_tag(body["run_id"], body["key"])),
    "artifact": lambda client, body: done(client.log_artifact(body["run_id"], body["file"], body["folder"])),
}


def to_values(pairs):
    return {pair["key"]: pair["value"] for pair in pairs}


def to_pairs(values):
    return [{"key": key, "value": value} for key, value in values.items()]


def to_run(run):
    info = run.info
    return {
        "info": {
            "run_id": info.run_id,
            "experiment_id": info.experiment_id,
            "run_name": info.run_name,
            "status": info.status,
            "start_time": info.start_time,
            "end_time": info.end_time,
            "artifact_uri": info.artifact_uri,
            "lifecycle_stage": info.lifecycle_stage,
        },
        "data": {
            "tags": to_pairs(run.data.tags),
            "params": to_pairs(run.data.params),
            "metrics": [{"key": key, "value": str(value)} for key, value in run.data.metrics.items()],
        },
    }


def to_experiment(experiment):
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "lifecycle_stage": experiment.lifecycle_stage,
    }


def answer(client, line):
    try:
        asked = json.loads(line)
        return {"ok": ENDPOINTS[asked["endpoint"]](client, asked["body"])}
    except Missing as error:
        return {"fault": "missing", "message": str(error)}
    except MlflowException as error:
        codes = {"RESOURCE_DOES_NOT_EXIST": "missing", "INTERNAL_ERROR": "retry", "TEMPORARILY_UNAVAILABLE": "retry"}
        return {"fault": codes.get(error.error_code, "refused"), "message": str(error)}
    except (ImportError, PermissionError) as error:  # of an artifact store, which has a package and a login of its own
        return {"fault": "refused", "message": f"{type(error).__name__}: {error}"}
    except Exception as error:  # a store can fail in any way
        return {"fault": "retry", "message": f"{type(error).__name__}: {error}"}


def main():
    try:
        client = MlflowClient(sys.argv[1])
        _ = client._tracking_client.store  # opened, and its tables made, here
    except Exception as error:
        print(json.dumps({"fault": "blocked", "message": f"{type(error).__name__}: {error}"}), file=OUT, flush=True)
        return
    print(json.dumps({"ok": {}}), file=OUT, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(client, line)), file=OUT, flush=True)


if __name__ == "__main__":
    main()
