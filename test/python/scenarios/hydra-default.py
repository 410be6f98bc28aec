# args: hydra/job_logging=default
# needs: hydra
import logging

import hydra

log = logging.getLogger(__name__)


@hydra.main(version_base=None)
def main(config):
    log.info("info")
    log.warning("warning")
    log.error("error")
    print("printed")


main()
