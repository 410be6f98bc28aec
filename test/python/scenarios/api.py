import logging

try:
    from stagelight import event, metric, span
except ImportError:
    import contextlib

    def event(*_, **__):
        pass

    metric = event

    @contextlib.contextmanager
    def span(*_, **__):
        yield


logging.basicConfig(level=logging.INFO, format="%(message)s")
with span("load", rows=3):
    logging.info("in the span")
    metric("loss", 0.5, step=1)
    event("checkpoint", path="model.pt")


@span("work")
def work(x):
    logging.info("at work")
    return x + 1


print(work(1))
try:
    with span("fails"):
        raise ValueError("goes on")
except ValueError as error:
    print(error)
