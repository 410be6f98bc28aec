# flags: -W error
import warnings

warnings.warn("is raised")
