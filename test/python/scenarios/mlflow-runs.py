# needs: mlflow
# env: MLFLOW_ALLOW_FILE_STORE=true
import logging

import mlflow

logging.getLogger("alembic").setLevel(logging.WARNING)
logging.getLogger("mlflow").setLevel(logging.WARNING)
mlflow.set_tracking_uri("file:./mlruns")
with mlflow.start_run():
    mlflow.log_metric("a", 1.0)
    with mlflow.start_run(nested=True):
        mlflow.log_param("b", 2)
print(len(mlflow.search_runs()))
