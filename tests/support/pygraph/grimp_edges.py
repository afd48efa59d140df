"""grimp's graph of the packages named as arguments, as JSON: {"modules": [...], "edges": [[importer, imported]]}.

The packages are looked for in the working directory first. External packages are left out.
"""
import json
import os
import sys

import grimp

sys.path.insert(0, os.getcwd())
graph = grimp.build_graph(*sys.argv[1:], cache_dir=None)
edges = sorted(
    [importer, imported]
    for importer in graph.modules
    for imported in graph.find_modules_directly_imported_by(importer)
)
print(json.dumps({"modules": sorted(graph.modules), "edges": edges}))
