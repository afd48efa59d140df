import assert from "node:assert/strict";
import { QikError } from "../../../lib/base/problems.ts";
import type { FenceItem, SpaceConfig } from "../../../lib/config/types.ts";
import { isFenced, isInside, openFences } from "../../../lib/space/fence.ts";

const place = { file: "qik.toml" };

function space(
  name: string,
  modules: readonly string[],
  fence?: true | readonly (string | { readonly space: string })[],
): SpaceConfig {
  const items = fence === true || fence === undefined
    ? fence
    : fence.map((item): FenceItem =>
      typeof item === "string" ? { kind: "path", path: item } : { kind: "space", name: item.space }
    );
  return {
    name,
    dotenv: [],
    modules: modules.map((dir) => ({ name: dir, dir, pyimport: dir, place })),
    ...(items === undefined ? {} : { fence: items }),
    place,
  };
}

/** What `openFences` finds, without the names repeated. */
function fences(...spaces: readonly SpaceConfig[]): Record<string, readonly string[]> {
  const found = openFences([space("default", []), ...spaces]);
  return Object.fromEntries([...found].map(([name, { paths }]) => [name, paths]));
}

Deno.test("true means the modules alone, and a space without a fence has none", () => {
  assert.deepEqual(fences(space("app", ["app/b", "app/a"], true), space("lib", ["lib/a"])), {
    app: ["app/a", "app/b"],
  });
});

Deno.test("paths are added to the modules; what lies in another path is not told twice", () => {
  assert.deepEqual(fences(space("app", ["app/a"], ["app", "app-2/x/", "./app/b"])), {
    app: ["app", "app-2/x"],
  });
  assert.deepEqual(fences(space("app", ["app/a"], ["."])), { app: [""] });
  assert.deepEqual(fences(space("app", [], true)), { app: [] });
});

Deno.test("a space in a fence brings its modules and what its own fence adds, through any number", () => {
  const found = fences(
    space("app", ["app"], [{ space: "lib" }]),
    space("lib", ["lib"], ["vendor", { space: "base" }]),
    space("base", ["base/a", "base/b"]),
  );
  assert.deepEqual(found, {
    app: ["app", "base/a", "base/b", "lib", "vendor"],
    lib: ["base/a", "base/b", "lib", "vendor"],
  });
});

Deno.test("templates are filled; what they hid is told, all at once", () => {
  const spaces = [
    space("app", [], ["{root}", { space: "{other}" }]),
    space("lib", [], [{ space: "app" }]),
  ];
  const fill = (root: string, other: string) => (text: string) =>
    text.replace("{root}", root).replace("{other}", other);
  const problems = (root: string, other: string) => {
    try {
      openFences(spaces, fill(root, other));
      return [];
    } catch (error) {
      assert.ok(error instanceof QikError);
      return error.problems.map(({ code, message, hint }) => `${code}: ${message} (${hint})`);
    }
  };
  assert.deepEqual(problems("../x", "lb"), [
    'config-bad-value: Cannot use "../x" in the fence of the space "app" (Write a path inside the repository)',
    'space-unknown: Cannot follow the fence of the space "app": no space is named "lb" (Did you mean "lib"?)',
  ]);
  assert.deepEqual(problems("x", "lib"), [
    'space-cycle: Cannot follow the fence of the space "app": app -> lib -> app (Remove one of these from the fences)',
  ]);
});

Deno.test("a path is inside where it is allowed or lies below what is", () => {
  const fence = { space: "app", own: ["app"], paths: ["app", "lib/a.py"] };
  const inside = ["app", "app/x/y.py", "lib/a.py"].filter((path) => isInside(fence, path));
  assert.equal(inside.length, 3);
  assert.ok(!isInside(fence, "apple.py") && !isInside(fence, "lib/b.py"));
  assert.ok(isFenced(fence, "app/x.py") && !isFenced(fence, "lib/a.py"));
});

Deno.test("a fence limits its own modules and paths, and not those of the spaces that it names", () => {
  const app = space("app", ["app/a", "app/a/b"], ["tools", { space: "lib" }]);
  const found = openFences([space("default", []), app, space("lib", ["lib"], true)]);
  assert.deepEqual([...found.values()].map(({ own }) => own), [["app/a", "tools"], ["lib"]]);
});
