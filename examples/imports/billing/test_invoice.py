import unittest

from .invoice import total


class Invoice(unittest.TestCase):
    def test_total_has_tax(self):
        self.assertEqual(total(1000), 1190)
