from pricing.money import gross as gross
