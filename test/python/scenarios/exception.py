def divide(by):
    return 1 / by


print("before")
divide(0)
