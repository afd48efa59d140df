import { readdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf, type RealRepository, repositoryOf, run } from "./repository.ts";

/** Each package is compiled, and its definitions are counted; the report needs the counts of all of them. */
const CONFIGURATION = `
[commands.compile]
exec = "python3 tools/compile.py {module.dir} build/{module.name}"
deps = ["{module.dir}/**.py", "tools/compile.py"]
artifacts = ["build/{module.name}"]

[commands.count]
exec = "python3 tools/count.py {module.dir} > build/{module.name}.count"
deps = ["{module.dir}/**.py", "tools/count.py", { type = "command", name = "compile", strict = true }]
artifacts = ["build/{module.name}.count"]

[commands.report]
exec = "cat build/*.count | sort > build/report.txt"
deps = [{ type = "command", name = "count" }]
artifacts = ["build/report.txt"]
`;

const COMPILE = `import pathlib, py_compile, sys
source, target = map(pathlib.Path, sys.argv[1:])
for file in sorted(source.rglob("*.py")):
    to = target / file.relative_to(source).with_suffix(".pyc")
    to.parent.mkdir(parents=True, exist_ok=True)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    py_compile.compile(str(file), str(to), doraise=True, invalidation_mode=mode)
`;

const COUNT = `import ast, pathlib, sys
kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
files = sorted(pathlib.Path(sys.argv[1]).rglob("*.py"))
trees = [ast.parse(file.read_bytes()) for file in files]
print(sys.argv[1], sum(isinstance(node, kinds) for tree in trees for node in ast.walk(tree)))
`;

/** Django's source distribution with every package of it as a module. */
export function prepareDjango(base: string): RealRepository {
  run(
    base,
    "python3",
    "-m",
    "pip",
    "download",
    "-q",
    "--no-deps",
    "--no-binary",
    ":all:",
    "Django==5.2.8",
  );
  const archive = join(base, "django-5.2.8.tar.gz");
  const listed = run(base, "tar", "tzf", archive).split("\n");
  const found = listed.map((path) => /^[^/]+\/django\/([a-z]+)\/.*\.py$/.exec(path)?.[1]);
  const packages = [...new Set(found.filter((name) => name !== undefined))].sort();
  const modules = packages.map((name) => `  { name = "${name}", path = "django/${name}" },\n`);
  const directory = join(base, "django");
  repositoryOf(directory, archive, {
    "qik.toml": `modules = [\n${modules.join("")}]\n${CONFIGURATION}`,
    "tools/compile.py": COMPILE,
    "tools/count.py": COUNT,
    ".gitignore": "build/\n",
  });
  return {
    directory,
    tasks: 2 * packages.length + 1,
    artifacts: "build",
    edit: {
      what: "one Python file",
      file: "django/utils/text.py",
      text: "\n\ndef added():\n    return 1\n",
      ran: 3,
    },
    result: () => {
      if (readdirSync(join(directory, "build")).length < packages.length) return "incomplete";
      return digestOf(join(directory, "build"));
    },
  };
}
