import warnings

warnings.warn("careful")
warnings.warn("old", DeprecationWarning)
warnings.showwarning("by hand", UserWarning, "file.py", 1)
print("done")
