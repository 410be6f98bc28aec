"""The classifier that is tuned and trained."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from omegaconf import DictConfig
from sklearn.linear_model import SGDClassifier

MAX_WEIGHT = 1e6


def fit_epochs(
    cfg: DictConfig,
    params: dict[str, Any],
    features: np.ndarray,
    target: np.ndarray,
    epochs: int,
) -> Iterator[tuple[int, SGDClassifier]]:
    """Train epoch by epoch; yield the number of each epoch and the model after it."""
    model = SGDClassifier(random_state=cfg.seed, **cfg.settings, **params)
    rng = np.random.default_rng(cfg.seed)
    for epoch in range(epochs):
        order = rng.permutation(len(target))
        model.partial_fit(features[order], target[order], classes=np.array([0, 1]))
        if np.abs(model.coef_).max() > MAX_WEIGHT:
            raise ValueError(f"training diverged in epoch {epoch}")
        yield epoch, model
