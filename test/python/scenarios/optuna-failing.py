# needs: optuna
import optuna


def objective(trial):
    raise ValueError("every time")


optuna.create_study(study_name="f").optimize(objective, n_trials=2)
