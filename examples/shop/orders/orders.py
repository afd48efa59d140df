from pricing import gross


def total(items: list[int]) -> int:
    return sum(gross(item) for item in items)
