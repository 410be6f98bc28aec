# args: --help
import argparse
import logging

logging.getLogger("app").warning("before the help")
parser = argparse.ArgumentParser(description="Trains.")
parser.add_argument("--lr", type=float, default=0.1, help="the rate")
parser.parse_args()
