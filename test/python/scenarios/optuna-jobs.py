# needs: optuna
# unordered
import logging

import optuna

logging.basicConfig(level=logging.INFO, format="%(message)s")
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(study_name="jobs")
study.optimize(lambda trial: logging.info("trial %d", trial.number) or 1.0, n_trials=6, n_jobs=2)
print(len(study.trials))
