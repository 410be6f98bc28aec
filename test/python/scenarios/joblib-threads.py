# needs: joblib
import logging

from joblib import Parallel, delayed

logging.basicConfig(format="%(message)s")
print(Parallel(n_jobs=1, prefer="threads")(delayed(lambda i: logging.warning("worker %d", i))(i) for i in range(4)))
