# needs: prefect
# unordered
import logging

from prefect import flow, get_run_logger, task


@task
def load(n):
    get_run_logger().info("loading %d", n)
    return n


@task(retries=1)
def flaky():
    if not flaky.tries:
        flaky.tries.append(1)
        raise ValueError("the first time")


flaky.tries = []


@flow
def inner():
    logging.getLogger("lib").warning("in the subflow")


@flow(log_prints=True)
def main():
    print("printed", load(1))
    flaky()
    inner()
    load.submit(2).result()
    raise ValueError("the flow fails")


main()
