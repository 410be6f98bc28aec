# needs: optuna
import optuna

for _ in range(2):
    study = optuna.create_study(study_name="s", storage="sqlite:///study.db", load_if_exists=True)
    study.optimize(lambda trial: float(trial.number), n_trials=2)
    print(len(study.trials), study.best_value)
