"""Preloaded by a Dask worker of the tests: the run with seed 1 hangs and lets no other thread of its process go on."""

import ctypes

from simulator import cluster
from simulator.run import Request, execute

execute(Request.of("baseline", people_per_agent=1000, until=2012))  # loads and compiles before any limit counts


def hang_or_execute(request):
    if request.seed == 1:
        ctypes.PyDLL(None).sleep(600)  # unlike time.sleep it keeps the interpreter's lock
    return execute(request)


cluster.execute = hang_or_execute
