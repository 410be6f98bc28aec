import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("recorded")
print([str(each.message) for each in caught])
warnings.showwarning = lambda message, *_: print("own:", message)
warnings.warn("shown by the program")
