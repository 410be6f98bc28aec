"""Runs code of ours after a module of the program's was imported, and before whoever imports it gets it."""

import sys
from _thread import _local


class AfterImport:
    """A finder that finds nothing itself: it has the others find, and follows what they found."""

    def __init__(self, hooks):
        self.hooks = hooks
        self.thread = _local()

    def find_spec(self, name, path=None, target=None):
        if name not in self.hooks or getattr(self.thread, "is_busy", False):
            return None
        # Another copy of this finder would ask this one, and so on for ever.
        self.thread.is_busy = True
        try:
            spec = self.find_elsewhere(name, path, target)
        finally:
            self.thread.is_busy = False
        if spec is not None and spec.loader is not None:
            self.follow(spec.loader, name)
        return spec

    def find_elsewhere(self, name, path, target):
        for finder in sys.meta_path:
            find_spec = None if finder is self else getattr(finder, "find_spec", None)
            spec = None if find_spec is None else find_spec(name, path, target)
            if spec is not None:
                return spec
        return None

    def follow(self, loader, name):
        """The loader stays the one that it is, with a method of its own until the module is loaded."""
        load = getattr(loader, "exec_module", None)
        try:
            if load is None or isinstance(loader, type):
                return
            loader.exec_module = lambda module: self.load(loader, load, module, name)
        except Exception:
            pass

    def load(self, loader, load, module, name):
        del loader.exec_module
        load(module)
        run_hook(self.hooks, name, module)


def run_hook(hooks, name, module):
    hook = hooks.pop(name, None)
    if hook is None:
        return
    try:
        getattr(__import__(f"stagelight.{hook}", fromlist=["install"]), "install")(module)
    except Exception as error:
        from . import _inbox

        _inbox.write_fault("hook-failed", f"{name}: {error!r}")


def install(hooks):
    waiting = dict(hooks)
    sys.meta_path.insert(0, AfterImport(waiting))
    for name in list(waiting):
        if name in sys.modules:
            run_hook(waiting, name, sys.modules[name])
