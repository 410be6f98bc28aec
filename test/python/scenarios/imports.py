import sys

print([path for path in sys.path if "site-packages" not in path and "counter" not in path])
print(sys.argv, sys.flags.isolated, sys.excepthook is sys.__excepthook__, __name__)
print([name for name in ("json", "logging", "threading", "re", "asyncio") if name in sys.modules])
import email.message  # noqa: E402
import importlib  # noqa: E402
import logging  # noqa: E402

print(
    type(logging.__loader__).__name__, type(logging.__spec__.loader).__name__, logging.__spec__.name, logging.__file__
)
print(importlib.util.find_spec("no_such_module_anywhere"))
try:
    import no_such_module_anywhere  # noqa: F401
except ImportError as error:
    print(error)
print(email.message.__name__)
