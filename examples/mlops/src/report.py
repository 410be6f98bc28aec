"""Write a summary of the metrics as Markdown and print it."""

import logging
from pathlib import Path

import hydra
from omegaconf import DictConfig

from pipeline.data import read_json

logger = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(cfg: DictConfig) -> None:
    lines = ["| metric | value |", "| --- | --- |"]
    lines += [
        f"| {name} | {value:.4f} |"
        for name, value in read_json(cfg.paths.metrics).items()
    ]
    summary = "\n".join(lines)
    Path(cfg.paths.summary).write_text(summary + "\n", encoding="utf-8")
    print(summary)
    logger.info("wrote %s", cfg.paths.summary)


if __name__ == "__main__":
    main()
