"""A program that MLflow traces, and that says nothing of OpenTelemetry."""

import mlflow

mlflow.set_experiment("traced")


@mlflow.trace(name="predict", span_type="CHAIN")
def predict(rows: int) -> int:
    return embed(rows) + 1


@mlflow.trace
def embed(rows: int) -> int:
    return rows * 2


print(predict(20))
mlflow.flush_trace_async_logging(terminate=True)
traces = mlflow.search_traces(return_type="list")
print("in mlflow:", len(traces), len(traces[0].data.spans) if traces else 0)
