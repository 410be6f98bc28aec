"""Reading and writing the files that the stages hand to each other."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)

TARGET = "target"


def load_split(folder: str | Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the features and the target of one split."""
    frame = pd.read_csv(Path(folder) / f"{name}.csv")
    logger.info("loaded %d %s rows from %s", len(frame), name, folder)
    return frame.drop(columns=TARGET).to_numpy(), frame[TARGET].to_numpy()


def read_json(path: str | Path) -> dict[str, Any]:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(path: str | Path, content: dict[str, Any]) -> None:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
