"""Run the pipeline as a Prefect flow: `python flow.py [arguments of dvc repro]`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from prefect import flow, get_run_logger, task

ROOT = Path(__file__).resolve().parent


@task
def check_workspace() -> None:
    logger = get_run_logger()
    if shutil.which("dvc") is None:
        raise RuntimeError("dvc is not on the PATH")
    if not (ROOT / ".dvc").is_dir():
        raise RuntimeError("not a DVC repository yet: run `dvc init`")
    logger.info("workspace %s is ready", ROOT.name)


@task
def repro(arguments: list[str]) -> None:
    """Run `dvc repro` and pass every line of its output on to the run logger."""
    logger = get_run_logger()
    with subprocess.Popen(
        ["dvc", "repro", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            logger.info(line.rstrip())
    if process.returncode:
        raise RuntimeError(f"dvc repro failed with exit code {process.returncode}")


@task
def publish_metrics() -> dict[str, float]:
    metrics = json.loads((ROOT / "metrics.json").read_text(encoding="utf-8"))
    get_run_logger().info("metrics: %s", metrics)
    return metrics


@flow(name="breast-cancer")
def pipeline(arguments: list[str]) -> dict[str, float]:
    check_workspace()
    repro(arguments)
    return publish_metrics()


if __name__ == "__main__":
    pipeline(sys.argv[1:])
