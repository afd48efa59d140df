import unittest

from orders.orders import total


class OrdersTest(unittest.TestCase):
    def test_items_add_up(self):
        self.assertEqual(total([1000, 500]), 1785)
