# needs: optuna
import logging
import sys

import optuna

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)


def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    logging.info("in trial %d", trial.number)
    trial.report(x, 0)
    trial.report(x / 2, 1)
    if trial.number == 2:
        raise optuna.TrialPruned()
    if trial.number == 3:
        raise ValueError("bad")
    return x if kind == "a" else 2 * x


study = optuna.create_study(study_name="st", sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(objective, n_trials=6, catch=(ValueError,))
print(study.best_trial.number, study.best_params, list(study.trials_dataframe().columns))
