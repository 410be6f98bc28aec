import sys

before = sys.excepthook
print(before is sys.__excepthook__)


def hook(kind, error, traceback):
    print("my hook first")
    before(kind, error, traceback)


sys.excepthook = hook
raise ValueError("both")
