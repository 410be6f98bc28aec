"""Build one feature set (see configs/features) from the splits."""

import logging
from pathlib import Path

import hydra
import pandas as pd
from omegaconf import DictConfig

from pipeline.data import TARGET

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    splits = Path(cfg.paths.splits)
    folder = Path(cfg.paths.features)
    folder.mkdir(parents=True, exist_ok=True)

    train = pd.read_csv(splits / "train.csv").drop(columns=TARGET)
    mean, std = train.mean(), train.std()
    for name in ("train", "valid", "test"):
        frame = pd.read_csv(splits / f"{name}.csv")
        values = frame.drop(columns=TARGET)
        if cfg.features.standardize:
            values = (values - mean) / std
        if cfg.features.clip is not None:
            clipped = int((values.abs() > cfg.features.clip).sum().sum())
            values = values.clip(-cfg.features.clip, cfg.features.clip)
            logger.info(
                "%s: clipped %d values at %.1f", name, clipped, cfg.features.clip
            )
        values.assign(**{TARGET: frame[TARGET]}).to_csv(
            folder / f"{name}.csv", index=False
        )
    logger.info("wrote feature set %s to %s", cfg.features.name, folder)


if __name__ == "__main__":
    main()
