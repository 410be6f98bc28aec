# args: hydra/job_logging=colorlog hydra/hydra_logging=colorlog
# needs: hydra_plugins.hydra_colorlog
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
