import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { middlePackage, packageGraph, SIZES, sourceText } from "../../../bench/graph.ts";
import { summary } from "../../../bench/measure.ts";
import { makeFiles, ninjaFiles, qikFiles, turboFiles } from "../../../bench/rivals.ts";
import { tableText } from "../../../bench/table.ts";

Deno.test("the same seed gives the same repository, another seed another one", () => {
  assert.deepEqual(packageGraph(SIZES.small, 1), packageGraph(SIZES.small, 1));
  assert.notDeepEqual(packageGraph(SIZES.small, 1), packageGraph(SIZES.small, 2));
  assert.equal(sourceText(5), sourceText(5));
  assert.notEqual(sourceText(5), sourceText(6));
});

Deno.test("every size has the packages, files and layers that it names", () => {
  for (const size of Object.values(SIZES)) {
    const packages = packageGraph(size, 1);
    assert.equal(packages.length, size.packages);
    assert.equal(packages.reduce((sum, { sources }) => sum + sources.length, 0), size.files);
    const layerOf = new Map(packages.map(({ name, layer }) => [name, layer]));
    for (const { name, layer, needs } of packages) {
      const lower = needs.map((need) => layerOf.get(need)!);
      assert.ok(lower.every((each) => each < layer), name);
      assert.equal(lower.includes(layer - 1), layer > 0, `${name} needs the layer below`);
    }
    assert.equal(new Set(layerOf.values()).size, 10);
  }
});

Deno.test("the edit in the middle reaches some tasks and leaves others alone", () => {
  for (const size of Object.values(SIZES)) {
    const { edited, reached } = middlePackage(packageGraph(size, 1));
    assert.ok(reached > 1 && reached < size.packages / 2, `${reached} of ${size.packages}`);
    assert.equal(edited.layer, 5);
  }
});

Deno.test("every tool is given every command once", () => {
  const packages = packageGraph(SIZES.small, 1);
  const texts = [qikFiles, ninjaFiles, makeFiles, turboFiles].map((write) => {
    return [...write(packages)].filter(([path]) => !path.endsWith("lock.json")).map(([, text]) =>
      text
    ).join("\n");
  });
  for (const { name, needs } of packages) {
    const command = ["sh tools/build.sh", name, ...needs].join(" ");
    for (const text of texts) {
      const lines = text.split("\n").filter((line) => line.replace(/[",]+$/, "").endsWith(command));
      assert.equal(lines.length, 1, command);
    }
  }
  const toml = parse(qikFiles(packages).get("qik.toml")!) as { commands: object };
  assert.deepEqual(Object.keys(toml.commands), packages.map(({ name }) => name));
});

Deno.test("a summary is robust against one slow run", () => {
  assert.deepEqual(summary([3, 1, 2]), { median: 2, spread: 1, least: 1 });
  assert.deepEqual(summary([1, 3]), { median: 2, spread: 1, least: 1 });
  assert.equal(summary([10, 10, 10, 9_000]).median, 10);
});

Deno.test("the table tells ratios against qik and dashes where nothing was measured", () => {
  const figure = (scenario: string, tool: string, medianMs: number) => {
    return { scenario, tool, samplesMs: [medianMs], medianMs, spreadMs: 0, leastMs: medianMs };
  };
  const text = tableText([
    { ...figure("warm", "qik", 20), peakMiB: 50 },
    figure("warm", "ninja", 10),
    figure("cold", "qik", 100),
  ]);
  assert.deepEqual(text.split("\n").map((line) => line.replace(/ {2,}/g, "|")), [
    "|qik|ninja",
    "warm|20 ms|10 ms (2.00×)",
    "cold|100 ms|-",
    "peak memory|50 MiB|-",
    "",
  ]);
});
