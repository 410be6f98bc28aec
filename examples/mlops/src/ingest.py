"""Write scikit-learn's bundled breast cancer data to a CSV file."""

import logging
from pathlib import Path

import hydra
from omegaconf import DictConfig
from sklearn.datasets import load_breast_cancer

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    frame = load_breast_cancer(as_frame=True).frame
    frame.columns = [column.replace(" ", "_") for column in frame.columns]

    path = Path(cfg.paths.raw)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    logger.info("wrote %d rows and %d columns to %s", *frame.shape, path)


if __name__ == "__main__":
    main()
