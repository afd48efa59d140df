import assert from "node:assert/strict";
import type { FileState, Selected, Tree } from "../../../lib/git/tree.ts";
import { Keyer, type KeyerPorts } from "../../../lib/hash/keyer.ts";
import type { HandedOn } from "../../../lib/hash/handed_on.ts";
import type { Plan } from "../../../lib/plan/types.ts";
import { command, need, planOf } from "../../support/planned.ts";

const glob = (pattern: string) => ({
  type: "glob",
  settings: { pattern },
  place: { file: "qik.toml" },
});

/** A tree of literal paths whose content is their text. */
function fakeTree(files: Map<string, string>): Tree {
  const states = (selected: Selected): FileState[] =>
    selected.paths.map((path) => ({ path, kind: "file", digest: files.get(path)! }));
  return {
    select: (specs, options = {}) =>
      Promise.resolve({
        paths: specs.filter((spec) => files.has(spec) && !options.exclude?.includes(spec)).sort(),
        specs,
        options,
        unmatched: specs.filter((spec) => !files.has(spec)),
      }),
    states: (selected) => Promise.resolve(states(selected)),
    pointers: () => [],
    holds: () => Promise.resolve(true),
    evidence: () => Promise.resolve(undefined),
    isTracked: () => false,
    isListed: () => Promise.resolve(false),
    linkedDirectories: () => Promise.resolve([]),
    invalidate: () => {},
    changedSince: (selected, before) =>
      Promise.resolve(
        states(selected).filter((now, at) => now.digest !== before[at]!.digest).map(({ path }) =>
          path
        ),
      ),
    save: () => Promise.resolve(),
  };
}

function keyerOf(plan: Plan, files: Map<string, string>, given: Partial<KeyerPorts> = {}): Keyer {
  return new Keyer({
    plan,
    tree: fakeTree(files),
    world: () => ({
      env: () => undefined,
      file: () => undefined,
      toolVersion: () => Promise.resolve(""),
      pydist: () => Promise.resolve(undefined),
      packages: () => undefined,
      inputs: () => Promise.resolve([]),
      linkedDirectories: () => Promise.resolve([]),
    }),
    spaceInputs: () => ({ venvIdentity: "", inputs: [], variables: [] }),
    platform: "linux-64",
    untracked: true,
    secretKey: () => new Uint8Array(),
    artifactsOnDisk: () => Promise.resolve([]),
    changedArtifacts: () => [],
    now: () => 0,
    ...given,
  });
}

const artifact = (content: string): HandedOn => ({ path: "o", kind: "file", mode: 0o644, content });

Deno.test("a key follows the content of what the globs select", async () => {
  const plan = planOf([command("a", { deps: [glob("x")] })]);
  const keyOf = async (content: string) =>
    (await keyerOf(plan, new Map([["x", content]])).key(plan.tasks[0]!)).key;
  assert.equal(await keyOf("1"), await keyOf("1"));
  assert.notEqual(await keyOf("1"), await keyOf("2"));
});

Deno.test("own artifacts and ignored files are no inputs", async () => {
  const plan = planOf([
    command("a", { deps: [glob("x"), glob("o"), glob("i")], artifacts: ["o"], ignore: ["i"] }),
  ]);
  const files = new Map([["x", "1"], ["o", "2"], ["i", "3"]]);
  const keyed = await keyerOf(plan, files).key(plan.tasks[0]!);
  assert.deepEqual(keyed.inputs.map(({ path }) => path), ["x"]);
});

Deno.test("an upstream task with artifacts hands on their content, not its key", async () => {
  const plan = planOf([
    command("up", { deps: [glob("x")], artifacts: ["o"] }),
    command("down", { deps: [need("up")] }),
  ]);
  const keyAfter = async (key: string, content: string) => {
    const keyer = keyerOf(plan, new Map([["x", "1"]]));
    keyer.settle(plan.tasks[0]!, { key, artifacts: [artifact(content)] });
    return (await keyer.key(plan.tasks[1]!)).key;
  };
  assert.equal(await keyAfter("k1", "same"), await keyAfter("k2", "same"));
  assert.notEqual(await keyAfter("k1", "same"), await keyAfter("k1", "other"));
});

Deno.test("without artifacts the key is handed on; order-only and uncacheable tasks hand on nothing", async () => {
  const plan = planOf([
    command("up", { deps: [glob("x")] }),
    command("down", { deps: [need("up")] }),
    command("after", { deps: [need("up", { "order-only": true })] }),
  ]);
  const keys = (handed: { key: string; artifacts: HandedOn[] } | undefined) => {
    const keyer = keyerOf(plan, new Map([["x", "1"]]));
    keyer.settle(plan.tasks[0]!, handed);
    return Promise.all([1, 2].map(async (at) => (await keyer.key(plan.tasks[at]!)).key));
  };
  const [one, other, nothing] = await Promise.all([
    keys({ key: "k1", artifacts: [] }),
    keys({ key: "k2", artifacts: [] }),
    keys(undefined),
  ]);
  assert.equal(new Set([one[0], other[0], nothing[0]]).size, 3);
  assert.deepEqual([one[1], other[1]], [nothing[1], nothing[1]]);
});

Deno.test("a need outside the run counts by what stands on disk, through long chains", async () => {
  const chain = Array.from(
    { length: 5_000 },
    (_, at) => command(`c${at}`, { deps: at === 0 ? [glob("x")] : [need(`c${at - 1}`)] }),
  );
  const plan = planOf(chain);
  const last = async (content: string) =>
    (await keyerOf(plan, new Map([["x", content]])).key(plan.tasks.at(-1)!)).key;
  assert.notEqual(await last("1"), await last("2"));
});

Deno.test("artifacts of a need outside the run are asked for", async () => {
  const plan = planOf([
    command("up", { deps: [glob("x")], artifacts: ["o"] }),
    command("down", { deps: [need("up")] }),
  ]);
  const keyWith = async (content: string) => {
    const artifactsOnDisk = () => Promise.resolve([artifact(content)]);
    const keyer = keyerOf(plan, new Map([["x", "1"]]), { artifactsOnDisk });
    return (await keyer.key(plan.tasks[1]!)).key;
  };
  assert.notEqual(await keyWith("1"), await keyWith("2"));
});

Deno.test("inputs that changed after the key was made are named", async () => {
  const plan = planOf([command("a", { deps: [glob("x")] })]);
  const files = new Map([["x", "1"]]);
  const keyed = await keyerOf(plan, files).key(plan.tasks[0]!);
  assert.deepEqual(await keyed.changedInputs(), []);
  files.set("x", "2");
  assert.deepEqual(await keyed.changedInputs(), ["x"]);
});

Deno.test("the platform is left out for portable commands and the repo cache", async () => {
  const keyOn = async (platform: string, given: Parameters<typeof command>[1]) => {
    const plan = planOf([command("a", { deps: [], ...given })]);
    return (await keyerOf(plan, new Map(), { platform }).key(plan.tasks[0]!)).key;
  };
  assert.notEqual(await keyOn("linux-64", {}), await keyOn("osx-64", {}));
  for (const given of [{ portable: true }, { cache: "repo" }]) {
    assert.equal(await keyOn("linux-64", given), await keyOn("osx-64", given));
  }
});

Deno.test("an explanation that is asked twice hides what became a secret in between", async () => {
  const plan = planOf([command("a", { deps: [glob("x")] })]);
  let secret = "nothing";
  const mask = (line: string) => line.replaceAll(secret, "***");
  const keyed = await keyerOf(plan, new Map([["x", "hush"]]), { mask }).key(plan.tasks[0]!);
  assert.ok(keyed.explanation().includes("file x\tfile hush"));
  secret = "hush";
  assert.ok(keyed.explanation().includes("file x\tfile ***"));
});
