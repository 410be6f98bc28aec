import inspect
import logging
import subprocess
import threading

for function in (logging.Logger.callHandlers, logging.Handler.format, subprocess.Popen._execute_child):
    print(function.__qualname__, function.__module__, inspect.getfile(function))
print(threading.excepthook.__name__, inspect.signature(logging.Logger.callHandlers))
