# python: 3.11
raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])
