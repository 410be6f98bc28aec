# needs: optuna
import optuna

study = optuna.create_study(
    directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(seed=1), study_name="at"
)
first, second = study.ask(), study.ask()
study.tell(second, [first.suggest_int("i", 0, 9), 2])
study.tell(first.number, [1, 2])
study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
study.tell(study.ask(), None)
print([(trial.state.name, trial.values, trial.params, trial.user_attrs) for trial in study.trials])
