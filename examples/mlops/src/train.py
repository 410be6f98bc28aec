"""Train the classifier with the best parameters and log it to MLflow."""

import logging

import hydra
import joblib
import mlflow
from omegaconf import DictConfig

from pipeline.data import load_split, read_json
from pipeline.model import fit_epochs

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    params = read_json(cfg.paths.best_params)
    train = load_split(cfg.paths.features, "train")
    valid = load_split(cfg.paths.features, "valid")
    print(f"training {cfg.model.name} with {params}")

    mlflow.set_experiment(cfg.mlflow.experiment)
    with mlflow.start_run(run_name="train"):
        mlflow.log_params(
            {"model": cfg.model.name, "epochs": cfg.train.epochs, **params}
        )
        accuracy = 0.0
        for epoch, model in fit_epochs(cfg.model, params, *train, cfg.train.epochs):
            accuracy = float(model.score(*valid))
            if (epoch + 1) % 5 == 0:
                logger.info("epoch %d: accuracy %.4f", epoch + 1, accuracy)
                mlflow.log_metric("accuracy", accuracy, step=epoch + 1)
        if accuracy < cfg.train.min_accuracy:
            raise ValueError(
                f"accuracy {accuracy:.4f} is below {cfg.train.min_accuracy}"
            )
        joblib.dump(model, cfg.paths.model)
        mlflow.log_artifact(cfg.paths.model)
    logger.info("saved %s", cfg.paths.model)


if __name__ == "__main__":
    main()
