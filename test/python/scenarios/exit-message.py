raise SystemExit("that was it")
