import { join } from "node:path";
import { ROOT } from "../root.ts";
import { digestOf, type RealRepository, repositoryOf, run } from "./repository.ts";

/** Folders of the source; the files that stand in no folder are the module `internal`. */
const FOLDERS: readonly string[] = [
  "ajax",
  "fetch",
  "operators",
  "testing",
  "webSocket",
  "internal/ajax",
  "internal/observable",
  "internal/operators",
  "internal/scheduled",
  "internal/scheduler",
  "internal/symbol",
  "internal/testing",
  "internal/util",
];

/** Each folder is transpiled; the types are checked as a whole, and a bundle's list needs every folder. */
const CONFIGURATION = `
[commands.transpile]
exec = "node tools/transpile.cjs {module.dir} build/{module.name}"
deps = ["{module.dir}/**.ts", "tools/transpile.cjs"]
artifacts = ["build/{module.name}"]

[commands.types]
exec = "node tools/types.cjs"
deps = ["src/**.ts", "tools/types.cjs"]

[commands.list]
exec = "find build -name '*.js' | LC_ALL=C sort | xargs cksum > build/list.txt"
deps = [{ type = "command", name = "transpile" }]
artifacts = ["build/list.txt"]
`;

const compiler = JSON.stringify(join(ROOT, "node_modules/typescript"));

const TRANSPILE = `const ts = require(${compiler});
const { mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const [from, to] = process.argv.slice(2);
const options = { compilerOptions: { target: "ES2020", module: "ESNext" }, reportDiagnostics: true };
for (const name of readdirSync(from, { recursive: true }).filter((name) => name.endsWith(".ts"))) {
  const { outputText, diagnostics } = ts.transpileModule(readFileSync(join(from, name), "utf8"), options);
  if (diagnostics.length > 0) throw new Error(name);
  const target = join(to, name.replace(/ts$/, "js"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
}
`;

const TYPES = `const ts = require(${compiler});
const options = {
  noEmit: true, strict: true, skipLibCheck: true, types: [], lib: ["lib.es2018.d.ts", "lib.dom.d.ts"],
  target: ts.ScriptTarget.ES2019, module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
};
const program = ts.createProgram(["src/index.ts"], options);
const found = ts.getPreEmitDiagnostics(program).filter(({ file }) => file !== undefined);
console.log(program.getSourceFiles().length, "files,", found.length, "problems");
for (const { messageText, file } of found.slice(0, 5)) console.log(file.fileName, messageText);
process.exit(found.length > 0 ? 1 : 0);
`;

/** RxJS's package, which ships its TypeScript, with every folder of the source as a module. */
export function prepareRxjs(base: string): RealRepository {
  run(base, "npm", "pack", "--silent", "rxjs@7.8.1");
  const modules = FOLDERS.map((path) =>
    `  { name = "${path.replace("/", "-")}", path = "src/${path}" },\n`
  );
  const directory = join(base, "rxjs");
  repositoryOf(directory, join(base, "rxjs-7.8.1.tgz"), {
    "qik.toml": `modules = [\n${modules.join("")}]\n${CONFIGURATION}`,
    "tools/transpile.cjs": TRANSPILE,
    "tools/types.cjs": TYPES,
    ".gitignore": "build/\n",
  });
  return {
    directory,
    tasks: FOLDERS.length + 2,
    artifacts: "build",
    edit: {
      what: "one operator",
      file: "src/internal/operators/map.ts",
      text: "\nexport const added = 1;\n",
      ran: 3,
    },
    result: () => digestOf(join(directory, "build")),
  };
}
