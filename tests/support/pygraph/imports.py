"""What Python's own parser says about imports: one JSON line for each file named on standard input.

{"path", "imports": [[module, level, names or null, line, type checking, optional]]} or {"path", "error"}.
"""
import ast
import json
import sys
import warnings

warnings.simplefilter("ignore")


class Imports(ast.NodeVisitor):
    def __init__(self):
        self.found = []
        self.checking = False
        self.optional = False
        self.words = {"TYPE_CHECKING"}

    def add(self, node, module, level, names):
        place = (node.lineno, node.col_offset, len(self.found))
        self.found.append((place, [module, level, names, node.lineno, self.checking, self.optional]))

    def visit_Import(self, node):
        for alias in node.names:
            self.add(node, alias.name, 0, None)

    def visit_ImportFrom(self, node):
        self.add(node, node.module or "", node.level, [alias.name for alias in node.names])
        for alias in node.names:
            if alias.name == "TYPE_CHECKING":
                self.words.add(alias.asname or alias.name)

    def is_word(self, test):
        if isinstance(test, ast.Attribute):
            inner = test.value
            while isinstance(inner, ast.Attribute):
                inner = inner.value
            return test.attr == "TYPE_CHECKING" and isinstance(inner, ast.Name)
        return isinstance(test, ast.Name) and test.id in self.words

    def visit_If(self, node):
        test, turned = node.test, False
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, turned = test.operand, not turned
        word = self.is_word(test)
        outer = self.checking
        self.checking = outer or (word and not turned)
        for child in node.body:
            self.visit(child)
        self.checking = outer or (word and turned)
        for child in node.orelse:
            self.visit(child)
        self.checking = outer

    def catches(self, handler):
        if handler.type is None:
            return True
        names = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(handler.type)}
        return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})

    def visit_Try(self, node):
        outer = self.optional
        caught = [self.catches(handler) for handler in node.handlers]
        self.optional = outer or any(caught)
        for child in node.body:
            self.visit(child)
        for handler, catches in zip(node.handlers, caught):
            self.optional = outer or catches
            for child in handler.body:
                self.visit(child)
        self.optional = outer
        for child in node.orelse + node.finalbody:
            self.visit(child)

    visit_TryStar = visit_Try


for path in sys.stdin.read().split("\0"):
    if not path:
        continue
    with open(path, "rb") as file:
        source = file.read()
    try:
        visitor = Imports()
        visitor.visit(ast.parse(source))
        answer = {"path": path, "imports": [found for _, found in sorted(visitor.found)]}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        answer = {"path": path, "error": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(answer))
