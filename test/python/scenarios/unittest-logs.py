import logging
import unittest


class Case(unittest.TestCase):
    def test_logs(self):
        with self.assertLogs("app", "INFO") as caught:
            logging.getLogger("app").info("caught")
        self.assertEqual(caught.output, ["INFO:app:caught"])

    def test_fails(self):
        self.assertEqual(1, 2)


unittest.main(verbosity=0)
