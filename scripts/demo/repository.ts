/**
 * The demo's repository: two Python packages, one of which uses the other, and two TypeScript ones.
 *
 * Its commands are real ones. Python's need `python3`; where there is none, a script reads the same files
 * instead, so that the demo runs on any machine.
 */
export function demoFiles(python: boolean): Record<string, string> {
  return {
    ".gitignore": "/._qik/\n/web/site/dist/\n__pycache__/\n",
    "qik.toml": configuration(python),
    ...PYTHON_FILES,
    ...TYPESCRIPT_FILES,
    ...(python ? {} : { "tools/read_python.ts": READ_PYTHON }),
  };
}

/** The edit of the third run, which a tax office could have asked for. */
export const EDIT = { path: "web/cart/cart.ts", from: "1.19", to: "1.21" };

function configuration(python: boolean): string {
  const test = python
    ? "python3 -m unittest discover -q -s {module.dir}"
    : "deno run --allow-read tools/read_python.ts {module.dir}";
  return `# One task for each Python package; the packages' own files and what they share are inputs.
modules = [
  { name = "pricing", path = "libs/pricing" },
  { name = "orders", path = "services/orders" },
]

[commands.test]
exec = "${test}"
deps = ["{module.dir}/**.py", "libs/**.py"]
env = { PYTHONPATH = "libs", PYTHONDONTWRITEBYTECODE = "1" }

[commands.types]
exec = "deno check --quiet web"
deps = ["web/**.ts"]

[commands.site]
exec = "deno run --quiet --allow-read --allow-write web/site/build.ts"
deps = ["web/**.ts", { type = "command", name = "types" }]
artifacts = ["web/site/dist/index.html"]

[commands.smoke]
exec = "grep total web/site/dist/index.html"
deps = [{ type = "command", name = "site" }]
`;
}

const PYTHON_FILES = {
  "libs/pricing/__init__.py": "from pricing.money import gross\n",
  "libs/pricing/money.py": `def gross(net: int) -> int:
    """Cents with tax, rounded down."""
    return net * 119 // 100
`,
  "libs/pricing/test_money.py": `import unittest

from pricing import gross


class MoneyTest(unittest.TestCase):
    def test_tax_is_added(self):
        self.assertEqual(gross(1000), 1190)
`,
  "services/orders/orders.py": `from pricing import gross


def total(items: list[int]) -> int:
    return sum(gross(item) for item in items)
`,
  "services/orders/test_orders.py": `import unittest

from orders import total


class OrdersTest(unittest.TestCase):
    def test_items_add_up(self):
        self.assertEqual(total([1000, 500]), 1785)
`,
};

const TYPESCRIPT_FILES = {
  "web/cart/cart.ts": `/** Cents with tax, rounded down. */
export function total(items: readonly number[]): number {
  return Math.floor(items.reduce((sum, item) => sum + item, 0) * 1.19);
}
`,
  "web/site/build.ts": `import { total } from "../cart/cart.ts";

const page = \`<!doctype html>
<title>Cart</title>
<p>total \${total([1000, 500])}</p>
\`;
await Deno.mkdir("web/site/dist", { recursive: true });
await Deno.writeTextFile("web/site/dist/index.html", page);
console.log(\`wrote \${page.length} characters\`);
`,
};

/** Stands in for Python: brackets must match, and tests must be there. */
const READ_PYTHON = `const directory = Deno.args[0];
let tests = 0;
for (const { name } of Deno.readDirSync(directory)) {
  if (!name.endsWith(".py")) continue;
  const text = Deno.readTextFileSync(\`\${directory}/\${name}\`);
  const open = text.match(/[([{]/g) ?? [], close = text.match(/[)\\]}]/g) ?? [];
  if (open.length !== close.length) throw new Error(\`\${name}: brackets do not match\`);
  tests += (text.match(/def test_/g) ?? []).length;
}
console.log(\`\${directory}: \${tests} tests found (python3 is missing: they were only read)\`);
`;
