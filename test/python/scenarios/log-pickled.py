import logging
import pickle


def function():
    return 1


record = logging.LogRecord("app", logging.INFO, "file.py", 1, "message %d", (1,), None)
logging.getLogger("app").handle(record)
print(sorted(pickle.loads(pickle.dumps(record)).__dict__))
print(pickle.loads(pickle.dumps(function))(), pickle.loads(pickle.dumps(logging.getLogger("app"))).name)
