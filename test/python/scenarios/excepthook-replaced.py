import sys


def hook(kind, error, traceback):
    print("my hook:", kind.__name__, error)


sys.excepthook = hook
raise ValueError("mine")
