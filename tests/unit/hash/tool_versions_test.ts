import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ToolVersions } from "../../../lib/hash/tool_versions.ts";
import { openSys } from "../../../lib/sys/open.ts";

/** Programs in a directory of their own, and how often they were asked. */
class Tools implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), "qik-tools-"));
  readonly asked: string[] = [];
  answer = "1.0";

  constructor() {
    mkdirSync(join(this.#root, "bin"));
    mkdirSync(join(this.#root, "state"));
  }

  add(name: string, start: string): string {
    const path = join(this.#root, "bin", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, start);
    chmodSync(path, 0o755);
    return path;
  }

  link(name: string, target: string): void {
    symlinkSync(target, join(this.#root, "bin", name));
  }

  /** Asks as a new run of qik would. */
  async ask(argv: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { files, processes } = openSys();
    const versions = new ToolVersions({
      files,
      processes: {
        ...processes,
        capture: ({ argv }) => {
          this.asked.push(argv.slice(1).join(" "));
          const stdout = new TextEncoder().encode(this.answer);
          return Promise.resolve({ code: 0, stdout, stderr: new Uint8Array() });
        },
      },
      root: this.#root,
      stateDir: join(this.#root, "state"),
      windows: false,
      apple: false,
    });
    const version = await versions.version(argv, { PATH: join(this.#root, "bin"), ...env });
    assert.equal(await versions.version(argv, { PATH: join(this.#root, "bin"), ...env }), version);
    versions.save();
    return version;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true });
  }
}

const BINARY = "\x7fELF and so on";

Deno.test("a program that answers alone is asked once, until it is replaced", async () => {
  using tools = new Tools();
  tools.add("ruff", BINARY);
  await tools.ask(["ruff", "--version"]);
  tools.answer = "2.0";
  assert.equal(await tools.ask(["ruff", "--version"]), "1.0");
  assert.equal(tools.asked.length, 1);
  tools.add("ruff", `${BINARY} in a new version`);
  assert.equal(await tools.ask(["ruff", "--version"]), "2.0");
});

Deno.test("what something else may decide is asked in every run", async () => {
  using tools = new Tools();
  tools.add("script", "#!/bin/sh\n");
  tools.link("proxy", tools.add("multiplexer", BINARY));
  tools.add("python3", BINARY);
  for (
    const argv of [
      ["script", "--version"],
      ["proxy", "--version"],
      ["python3", "-m", "ruff", "--version"],
    ]
  ) {
    tools.answer = "1.0";
    await tools.ask(argv);
    tools.answer = "2.0";
    assert.equal(await tools.ask(argv), "2.0", argv.join(" "));
  }
});

Deno.test("what chooses by files of the repository which version answers is asked in every run", async () => {
  using tools = new Tools();
  for (const name of ["dotnet", "bazel", "shims/node"]) {
    const program = tools.add(name, BINARY);
    tools.answer = "1.0";
    await tools.ask([program, "--version"]);
    tools.answer = "2.0";
    assert.equal(await tools.ask([program, "--version"]), "2.0", name);
  }
});

Deno.test("rustup's proxies are asked in every run", async () => {
  using tools = new Tools();
  tools.add("rustup", BINARY);
  tools.add("cargo", BINARY);
  await tools.ask(["cargo", "--version"]);
  tools.answer = "2.0";
  assert.equal(await tools.ask(["cargo", "--version"]), "2.0");
});

Deno.test("another environment is another question", async () => {
  using tools = new Tools();
  tools.add("script", "#!/bin/sh\n");
  await tools.ask(["script", "--version"], { PYENV_VERSION: "3.11" });
  tools.answer = "2.0";
  assert.equal(await tools.ask(["script", "--version"], { PYENV_VERSION: "3.12" }), "2.0");
});

Deno.test("a tool that is not there is named", async () => {
  using tools = new Tools();
  await assert.rejects(async () => await tools.ask(["nope", "--version"]), /"nope" is not on PATH/);
});
