import unittest

from pricing import gross


class MoneyTest(unittest.TestCase):
    def test_tax_is_added(self):
        self.assertEqual(gross(1000), 1190)
