"""Looks for a run's ID in the SQLite stores of Optuna, Prefect and MLflow, for `stagelight verify`. Standard library only.

Standard input: `{"runId": …, "stores": [{"tool": "optuna", "path": …, "name": …}]}`; standard output: for each store how many of
the things asked for it has, and how many carry the ID, or why it can't be read.
"""

import json
import os
import sqlite3
import sys

KEY = "stagelight.run_id"


def find(store, run_id):
    path = store["path"]
    if not os.path.exists(path):
        return {"problem": f"there is no {path}"}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as database:
        known, carrying = FINDERS[store["tool"]](database, store, run_id)
    return {"known": known, "carrying": carrying}


def find_in_optuna(database, store, run_id):
    rows = database.execute("SELECT study_id FROM studies WHERE study_name = ?", (store["name"],))
    studies = [row[0] for row in rows]
    value = json.dumps(run_id)
    query = "SELECT study_id FROM study_user_attributes WHERE key = ? AND value_json = ?"
    carrying = {row[0] for row in database.execute(query, (KEY, value))}
    return len(studies), len(carrying.intersection(studies))


def find_in_prefect(database, store, run_id):
    rows = database.execute("SELECT labels FROM flow_run WHERE id = ?", (store["name"],)).fetchall()
    labels = [json.loads(row[0] or "{}") for row in rows]
    return len(rows), sum(each.get(KEY) == run_id for each in labels)


def find_in_mlflow(database, store, run_id):
    runs = database.execute("SELECT run_uuid FROM tags WHERE key = ? AND value = ?", (KEY, run_id)).fetchall()
    return len(runs), len(runs)


FINDERS = {"optuna": find_in_optuna, "prefect": find_in_prefect, "mlflow": find_in_mlflow}


def main():
    asked = json.load(sys.stdin)
    answers = []
    for store in asked["stores"]:
        try:
            answers.append(find(store, asked["runId"]))
        except (sqlite3.Error, ValueError) as error:
            answers.append({"problem": f"{store['path']} can't be read: {error}"})
    json.dump(answers, sys.stdout)


main()
