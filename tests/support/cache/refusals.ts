import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Artifact, Manifest } from "../../../lib/cache/cache.ts";
import { sha256 } from "../../../lib/sys/digest.ts";
import { type CacheRoom, treeOf } from "../cache_room.ts";
import {
  assertRecalled,
  bytesOf,
  type CacheKit,
  type Case,
  KEY,
  PATTERNS,
  SAID,
  stored,
} from "./cases.ts";

export const REFUSALS: readonly Case[] = [
  {
    name: "what must not be stored is not",
    async run(room, kit) {
      const cases: readonly (readonly [pattern: string, make: () => void, why: RegExp])[] = [
        ["missing.txt", () => {}, /did not write its artifact "missing.txt"/],
        ["missing-dir/", () => {}, /did not write its artifact "missing-dir\/"/],
        ["pipe", () => execFileSync("mkfifo", [room.path("pipe")]), /a socket, a pipe or a device/],
        ["abs", () => room.link("abs", "/etc/passwd"), /has an absolute target/],
        ["up", () => room.link("up", "../../x"), /points outside the repository/],
        ["climb", () => room.link("climb", "dist/../../x"), /climbs after it descends/],
        ["side/*.js", () => room.link("side", "../elsewhere"), /leads through the symlink "side"/],
        ["slash/", () => room.link("slash", "/tmp"), /leads through the symlink "slash"/],
        ["through/x", () => room.link("through", "dist"), /leads through the symlink "through"/],
        [".git/hooks", () => room.write(".git/hooks/x"), /belongs to git/],
        ["sub/qik.toml", () => room.write("sub/qik.toml"), /a configuration of qik/],
        ["../x", () => {}, /"\.\.\/x"/],
        ["back*", () => room.write("back\\slash"), /holds a backslash/],
      ];
      for (const [pattern, make, why] of cases) {
        make();
        const result = room.result(SAID, { key: KEY, patterns: [pattern] });
        const outcome = await kit.open(room).put(result);
        assert.ok(
          !outcome.stored && outcome.reason === "bad-artifact",
          `${pattern}: ${JSON.stringify(outcome)}`,
        );
        assert.match(outcome.detail, why);
        assert.deepEqual(
          await kit.open(room).get(KEY),
          { found: false, reason: "absent" },
          pattern,
        );
      }
    },
  },
  {
    name: "a wildcard that matches nothing is no error, but told",
    async run(room, kit) {
      room.write("dist/a.js");
      room.write("dist/b.css");
      const patterns = ["nothing/*.js", "dist/*.js", "*.none", "dist/*.css", "!dist/*.css"];
      const result = room.result(SAID, { key: KEY, patterns });
      const outcome = await kit.open(room).put(result);
      assert.ok(outcome.stored);
      assert.deepEqual(outcome.empty, ["nothing/*.js", "*.none", "dist/*.css"]);
      assertRecalled(await room.recall(kit.open(room), KEY, patterns));
      const failed = await kit.open(room).put({ ...result, exit: 1 });
      assert.ok(failed.stored);
      assert.equal(failed.empty, undefined, "a failed command need not have got there");
    },
  },
  {
    name: "a log that is not what was said is not stored",
    async run(room, kit) {
      const right = room.result(SAID, { key: KEY });
      const wrong = [
        { ...right.log, file: join(room.dir, "not-there") },
        { ...right.log, size: right.log.size + 1 },
        { ...right.log, turns: [1] },
      ];
      for (const log of wrong) {
        const outcome = await kit.open(room).put({ ...right, log });
        assert.ok(!outcome.stored && outcome.reason === "unwritable", JSON.stringify(outcome));
        assert.equal((await kit.open(room).get(KEY)).found, false);
      }
    },
  },
  {
    name: "artifacts that would leave their place are refused before the first write",
    async run(room, kit) {
      room.write("dist/a.js", "evil");
      room.write("outside/keep", "keep");
      room.link("dist/out", "../outside");
      room.write(".git/config", "mine");
      const before = treeOf(room.dir);
      const paths = [
        "../escape",
        "/tmp/escape",
        "dist/../../escape",
        "dist/./x",
        "dist//x",
        "dist/",
        "",
        ".",
        "a\0b",
        "C:/x",
        "c:x",
        "dist\\..\\x",
        ".git/hooks/pre-commit",
        ".GIT/hooks/x",
        "dist/.Git/config",
        ".git./x",
        ".git /x",
        ".g\u200cit/x",
        "\uff0egit/x",
        "git~1/x",
        ".git::$INDEX_ALLOCATION/x",
        "._qik/cache/x",
        "._QIK/state",
        ".qik/cache/x",
        "._qik/artifacts",
        "qik.toml",
        "dist/qik.toml",
        "QIK.TOML",
        "dist/out/x",
        "source.txt",
        "distant",
        "report.xml",
      ];
      for (const path of paths) {
        await assertRefused(room, kit, {
          path,
          kind: "file",
          mode: 0o755,
          size: 4,
          content: sha256(bytesOf("evil")),
        });
      }
      for (
        const target of [
          "/etc",
          "../../x",
          "a/../../..",
          "",
          "x\0",
          "..\\..\\x",
          "C:\\x",
          "../.git/hooks",
          "../qik.toml",
        ]
      ) {
        const bytes = bytesOf(target);
        const link = {
          path: "dist/l",
          kind: "link",
          mode: 0,
          size: bytes.length,
          content: sha256(bytes),
        } as const;
        await assertRefused(room, kit, link, bytes);
      }
      assert.deepEqual(
        treeOf(room.dir).filter((line) => !/store|state|\.qik|log-/.test(line)),
        before,
      );
    },
  },
  {
    name: "entries that contradict themselves are refused",
    async run(room, kit) {
      const file = (path: string): Artifact => ({
        path,
        kind: "file",
        mode: 0o644,
        size: 4,
        content: sha256(bytesOf("evil")),
      });
      const lists = [
        [file("dist/a"), file("dist/a")],
        [file("dist/b"), file("dist/a")],
        [file("dist/a"), file("dist/a-b"), file("dist/a/b")],
        [{ ...file("dist/a"), mode: 0o4755 }],
        [{ ...file("dist/a"), size: -1 }],
        [{ ...file("dist/a"), content: "../../x" }],
        [{ ...file("dist/a"), kind: "device" } as unknown as Artifact],
      ];
      for (const artifacts of lists) {
        kit.forge(room, manifestOf(artifacts), [bytesOf("evil")]);
        assert.equal(await room.recall(kit.open(room), KEY, ["dist"]), undefined);
        assert.deepEqual(room.tree("dist"), []);
      }
    },
  },
  {
    name: "a tracked file is not removed to make room",
    async run(room, kit) {
      room.write("dist/a/b", "deep");
      const cache = await stored(room, kit);
      room.remove("dist/a");
      room.write("dist/a", "tracked");
      const before = room.tree();
      assert.equal(await room.recall(cache, KEY, PATTERNS, ["dist/a"]), undefined);
      assert.deepEqual(room.tree(), before);
    },
  },
];

function manifestOf(artifacts: readonly Artifact[]): Manifest {
  const log = { digest: sha256(new Uint8Array()), size: 0, turns: [] };
  return { schema: 1, key: KEY, task: "build", exit: 0, tookMs: 0, storedAt: 0, log, artifacts };
}

async function assertRefused(
  room: CacheRoom,
  kit: CacheKit,
  artifact: Artifact,
  content = bytesOf("evil"),
): Promise<void> {
  kit.forge(room, manifestOf([artifact]), [content]);
  const lookup = await kit.open(room).get(KEY);
  if (!lookup.found) return;
  const outcome = await lookup.hit.restore(room.place(["dist"], ["dist/out"]));
  assert.equal(outcome.ok, false, `${JSON.stringify(artifact)} was restored`);
  assert.ok(!outcome.ok && outcome.reason !== "failed", JSON.stringify({ artifact, outcome }));
}
