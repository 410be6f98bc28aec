"""Check the raw data before anything is built on it."""

import logging
import warnings

import hydra
import pandas as pd
from omegaconf import DictConfig

from pipeline.data import TARGET, write_json

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    frame = pd.read_csv(cfg.paths.raw)
    missing = int(frame.isna().sum().sum())
    if len(frame) < cfg.validate.min_rows:
        raise ValueError(
            f"only {len(frame)} rows, at least {cfg.validate.min_rows} are needed"
        )
    if missing:
        raise ValueError(f"{missing} values are missing")

    skew = frame.drop(columns=TARGET).skew().sort_values(ascending=False)
    skewed = skew[skew > cfg.validate.max_skew]
    if len(skewed):
        warnings.warn(f"skewed columns: {', '.join(skewed.index)}", stacklevel=1)
    for column, value in skewed.items():
        logger.warning("column %s has a skew of %.2f", column, value)

    balance = frame[TARGET].value_counts(normalize=True).sort_index()
    print("class balance:")
    print(balance.round(3).to_string(header=False))
    write_json(
        cfg.paths.validation,
        {"rows": len(frame), "missing": missing, "skewed": skewed.round(4).to_dict()},
    )
    logger.info("validated %d rows, %d columns", *frame.shape)


if __name__ == "__main__":
    main()
