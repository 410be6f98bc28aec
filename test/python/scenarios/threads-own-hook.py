import threading

threading.excepthook = lambda args: print("own hook:", args.exc_type.__name__, args.thread.name)
thread = threading.Thread(target=lambda: [][1], name="T")
thread.start()
thread.join()
