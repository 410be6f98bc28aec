import contextlib
import io
import logging

held = io.StringIO()
with contextlib.redirect_stderr(held):
    logging.basicConfig(format="%(message)s")
    logging.warning("held")
print("held:", held.getvalue(), end="")
logging.warning("held too")
print("held:", held.getvalue(), end="")
