"""Prints the price list as JSON, in cents with tax."""

import json

from pricing import gross

NET = {"book": 1000, "pen": 150}

print(json.dumps({name: gross(net) for name, net in NET.items()}, indent=2))
