from money import rates


def total(cents: int, country: str = "de") -> int:
    return rates.with_tax(cents, country)
