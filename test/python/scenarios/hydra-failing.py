# args: +x=1
# needs: hydra
import logging

import hydra

log = logging.getLogger(__name__)


@hydra.main(version_base=None)
def main(config):
    log.info("x is %s", config.x)
    if config.x == 1:
        raise ValueError("a failing job")


main()
