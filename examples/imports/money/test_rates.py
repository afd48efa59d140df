import unittest

from money.rates import with_tax


class Rates(unittest.TestCase):
    def test_tax_is_added(self):
        self.assertEqual(with_tax(1000, "fr"), 1200)
