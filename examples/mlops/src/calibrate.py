"""Choose the decision threshold with a small Optuna study."""

import logging

import hydra
import joblib
import numpy as np
import optuna
from omegaconf import DictConfig
from sklearn.metrics import balanced_accuracy_score

from pipeline.data import load_split, write_json

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    features, target = load_split(cfg.paths.features, "valid")
    scores = joblib.load(cfg.paths.model).decision_function(features)
    low, high = (float(bound) for bound in np.quantile(scores, [0.1, 0.9]))

    def objective(trial: optuna.Trial) -> float:
        threshold = trial.suggest_float("threshold", low, high)
        return float(balanced_accuracy_score(target, scores > threshold))

    study = optuna.create_study(
        study_name="calibrate",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=cfg.calibrate.seed),
    )
    study.enqueue_trial({"threshold": 0.0})
    study.optimize(objective, n_trials=cfg.calibrate.n_trials)
    write_json(cfg.paths.threshold, study.best_params)
    logger.info("threshold %.4f", study.best_params["threshold"])


if __name__ == "__main__":
    main()
