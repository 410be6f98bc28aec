"""Looks for a run's ID in the stores of Optuna, Prefect and MLflow, for `stagelight verify`.

Standard library only, but for databases other than SQLite: those take the SQLAlchemy and the driver that Optuna uses.

Standard input: `{"runId": …, "stores": [{"tool": "optuna", "kind": "sqlite", "place": …, "name": …}]}` (`Store` in
`src/view/run-ids/ask-stores.ts`); standard output: for each store how many of the things asked for it has, and how many carry
the ID, or why it can't be read.
"""

import json
import os
import sqlite3
import sys

KEY = "stagelight.run_id"


def find(store, run_id):
    place = store["place"]
    if store["kind"] == "url":
        known, carrying = find_by_url(store, run_id)
    elif not os.path.exists(place):
        return {"problem": f"there is no {place}"}
    elif store["kind"] == "journal":
        known, carrying = find_in_journal(store, run_id)
    else:
        with sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=5) as database:
            known, carrying = FINDERS[store["tool"]](database, store, run_id)
    return {"known": known, "carrying": carrying}


def find_by_url(store, run_id):
    """A study in a database that only SQLAlchemy and its driver can read."""
    from sqlalchemy import create_engine, text

    with create_engine(store["place"]).connect() as database:
        query = "SELECT study_id FROM studies WHERE study_name = :name"
        studies = {row[0] for row in database.execute(text(query), {"name": store["name"]})}
        query = "SELECT study_id FROM study_user_attributes WHERE value_json = :value"
        rows = database.execute(text(query), {"value": json.dumps(run_id)})
        return len(studies), len(studies.intersection(row[0] for row in rows))


# Operations in a journal file: https://github.com/optuna/optuna/blob/master/optuna/storages/journal/_storage.py
CREATE_STUDY, DELETE_STUDY, SET_STUDY_USER_ATTR = 0, 1, 2


def find_in_journal(store, run_id):
    """Studies are numbered as they are created; one of a name that is there isn't created again."""
    names, carrying, count = {}, set(), 0
    with open(store["place"], encoding="utf-8") as file:
        for line in file:
            entry = to_operation(line)
            operation, study = entry.get("op_code"), entry.get("study_id")
            if operation == CREATE_STUDY and entry["study_name"] not in names.values():
                names[count] = entry["study_name"]
                count += 1
            elif operation == DELETE_STUDY:
                names.pop(study, None)
            elif operation == SET_STUDY_USER_ATTR and entry["user_attr"].get(KEY) == run_id:
                carrying.add(study)
    studies = {number for number, name in names.items() if name == store["name"]}
    return len(studies), len(studies & carrying)


def to_operation(line):
    try:
        entry = json.loads(line)
    except ValueError:
        return {}  # the last line, of a process that was killed
    return entry if isinstance(entry, dict) else {}


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


def to_problem(store, error):
    """In one line, without the address: it may hold a password."""
    if store["kind"] != "url":
        return f"{store['place']} can't be read: {error}"
    if isinstance(error, ImportError):
        return f"its database takes {error.name}, which this Python hasn't: {sys.executable}"
    scheme = store["place"].partition(":")[0]
    return f"the {scheme} database can't be read: {type(error).__name__}"


def main():
    asked = json.load(sys.stdin)
    answers = []
    for store in asked["stores"]:
        try:
            answers.append(find(store, asked["runId"]))
        except Exception as error:
            answers.append({"problem": to_problem(store, error)})
    json.dump(answers, sys.stdout)


main()
