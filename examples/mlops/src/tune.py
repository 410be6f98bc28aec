"""Search hyperparameters with Optuna; every trial is a nested MLflow run."""

import logging
from typing import Any

import hydra
import mlflow
import optuna
from omegaconf import DictConfig

from pipeline.data import load_split, write_json
from pipeline.model import fit_epochs

logger = logging.getLogger(__name__)


def suggest(trial: optuna.Trial, space: DictConfig) -> dict[str, Any]:
    return {
        "loss": trial.suggest_categorical("loss", list(space.loss)),
        "alpha": trial.suggest_float("alpha", *space.alpha, log=True),
        "eta0": trial.suggest_float("eta0", *space.eta0, log=True),
    }


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    train = load_split(cfg.paths.features, "train")
    valid = load_split(cfg.paths.features, "valid")

    def objective(trial: optuna.Trial) -> float:
        params = suggest(trial, cfg.model.search_space)
        with mlflow.start_run(run_name=f"trial-{trial.number}", nested=True):
            mlflow.log_params(params)
            accuracy = 0.0
            for epoch, model in fit_epochs(cfg.model, params, *train, cfg.tune.epochs):
                accuracy = float(model.score(*valid))
                trial.report(accuracy, epoch)
                if trial.should_prune():
                    logger.info(
                        "trial %d: hopeless after epoch %d", trial.number, epoch
                    )
                    raise optuna.TrialPruned
            mlflow.log_metric("accuracy", accuracy)
        return accuracy

    mlflow.set_experiment(cfg.mlflow.experiment)
    with mlflow.start_run(run_name="tune"):
        study = optuna.create_study(
            study_name="tune",
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=cfg.tune.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2),
        )
        # parameters that diverge raise a ValueError: a failed trial, not a failed study
        study.optimize(objective, n_trials=cfg.tune.n_trials, catch=(ValueError,))
        mlflow.log_params(study.best_params)
        mlflow.log_metric("best_accuracy", study.best_value)

    write_json(cfg.paths.best_params, study.best_params)
    logger.info("best of %d trials: %.4f", len(study.trials), study.best_value)


if __name__ == "__main__":
    main()
