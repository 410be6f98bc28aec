"""Score the model on the test split, with bootstrap confidence limits."""

import logging

import hydra
import joblib
import numpy as np
import pandas as pd
from omegaconf import DictConfig
from sklearn.metrics import f1_score, roc_auc_score, roc_curve
from tqdm import tqdm

from pipeline.data import load_split, read_json, write_json

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    features, target = load_split(cfg.paths.features, "test")
    scores = joblib.load(cfg.paths.model).decision_function(features)
    predicted = scores > read_json(cfg.paths.threshold)["threshold"]

    rng = np.random.default_rng(0)
    samples = []
    for _ in tqdm(range(cfg.evaluate.resamples), desc="bootstrap"):
        rows = rng.integers(len(target), size=len(target))
        samples.append(f1_score(target[rows], predicted[rows]))
    low, high = np.quantile(samples, [0.025, 0.975])

    metrics = {
        "accuracy": float((predicted == target).mean()),
        "f1": float(f1_score(target, predicted)),
        "f1_low": float(low),
        "f1_high": float(high),
        "roc_auc": float(roc_auc_score(target, scores)),
    }
    write_json(
        cfg.paths.metrics, {name: round(value, 6) for name, value in metrics.items()}
    )
    fpr, tpr, _ = roc_curve(target, scores)
    roc = pd.DataFrame({"false_positive_rate": fpr, "true_positive_rate": tpr})
    roc.to_csv(cfg.paths.roc, index=False)
    logger.info(
        "accuracy %.4f, f1 %.4f [%.4f, %.4f]",
        metrics["accuracy"],
        metrics["f1"],
        low,
        high,
    )


if __name__ == "__main__":
    main()
