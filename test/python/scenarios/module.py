# flags: -m timeit -n 1 -r 1 pass
