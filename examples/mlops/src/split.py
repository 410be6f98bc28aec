"""Split the raw data into train, valid and test, stratified by the target."""

import logging
from pathlib import Path

import hydra
import pandas as pd
from omegaconf import DictConfig

from pipeline.data import TARGET

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    frame = pd.read_csv(cfg.paths.raw)
    shuffled = frame.sample(frac=1, random_state=cfg.split.seed)
    rank = shuffled.groupby(TARGET).cumcount() / shuffled.groupby(TARGET)[
        TARGET
    ].transform("size")

    test = rank < cfg.split.test_fraction
    valid = ~test & (rank < cfg.split.test_fraction + cfg.split.valid_fraction)
    folder = Path(cfg.paths.splits)
    folder.mkdir(parents=True, exist_ok=True)
    for name, mask in {"train": ~test & ~valid, "valid": valid, "test": test}.items():
        part = shuffled[mask]
        part.to_csv(folder / f"{name}.csv", index=False)
        logger.info(
            "%s: %d rows, %.1f %% positive", name, len(part), 100 * part[TARGET].mean()
        )


if __name__ == "__main__":
    main()
