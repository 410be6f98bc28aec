import os
import subprocess
import sys

code = "import os; print(os.environ.get('MINE'), 'PATH' in os.environ, len(os.environ.get('TRACEPARENT', '')))"
subprocess.run([sys.executable, "-c", code], env={**os.environ, "MINE": "1"})
subprocess.run([sys.executable, "-c", code])
subprocess.run([sys.executable, "-c", code], env={"MINE": "only"})
