def gross(net: int) -> int:
    """Cents with tax, rounded down."""
    return net * 119 // 100
