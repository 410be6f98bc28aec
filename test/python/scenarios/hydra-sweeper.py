# needs: hydra_plugins.hydra_optuna_sweeper
# args: -m hydra/sweeper=optuna hydra.sweeper.n_trials=3 hydra.sweeper.n_jobs=1 hydra.sweeper.study_name=sw +x=range(0,5) hydra.sweeper.sampler.seed=1
import logging

import hydra

log = logging.getLogger(__name__)


@hydra.main(version_base=None)
def main(config):
    log.info("x is %s", config.x)
    return (config.x - 2) ** 2


main()
