"""Spans and a metric by OpenTelemetry's own SDK and exporters, with nothing said of where to send them."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
context = TraceContextTextMapPropagator().extract({"traceparent": os.environ["TRACEPARENT"]})
tracer = provider.get_tracer("fit")
try:
    with tracer.start_as_current_span("fit", context, attributes={"loss": float("nan"), "big": 2**60}):
        with tracer.start_as_current_span("epoch"):
            raise ValueError("diverged")
except ValueError:
    pass
meters.get_meter("fit").create_counter("epochs").add(1)
provider.shutdown()
meters.shutdown()
assert trace.get_current_span().get_span_context().trace_id == 0
