exec("print(1\nx ==\n")
