/** Bits flipped, files cut, emptied, swapped and lost: a store then misses or is right, and never anything else. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { Cache } from "../../lib/cache/cache.ts";
import { openLocalCache } from "../../lib/cache/local.ts";
import { openRepoCache } from "../../lib/cache/repo.ts";
import { CacheRoom, filesBelow, keyOf, type Said } from "../support/cache_room.ts";
import { pick, random } from "../support/random.ts";
import { SEED, tell, times } from "../support/torture.ts";

const PATTERNS = ["dist"];
const SHORT: readonly Said[] = [["out", "short\n"], ["err", "log\n"]];
const LONG: readonly Said[] = [["out", "x".repeat(5000)], ["err", "y"], ["out", "z"]];
const STORES = ["local", "repo"] as const;

function open(room: CacheRoom, store: (typeof STORES)[number]): Cache {
  const { files, clock, root, state: stateDir, store: dir } = room;
  if (store === "local") return openLocalCache({ files, clock, dir, stateDir });
  return openRepoCache({ files, clock, root, stateDir, intentToAdd: () => {} });
}

/** A short explanation stands in its entry, a long one in a file of its own. */
const EXPLANATIONS = { a: ["exec\tmake"], b: [`exec\t${"make ".repeat(4000)}`] };

/** A store with a short and a long log, and what each of its files held. */
class Bench {
  readonly #bytes = new Map<string, Uint8Array>();

  private constructor(
    readonly room: CacheRoom,
    readonly store: (typeof STORES)[number],
    readonly files: readonly string[],
  ) {
    for (const path of files) this.#bytes.set(path, new Uint8Array(fs.readFileSync(path)));
    this.#tree = room.tree("dist");
  }

  readonly #tree: readonly string[];

  static async make(store: (typeof STORES)[number]): Promise<Bench> {
    const room = new CacheRoom();
    room.write("dist/small", "small\n", 0o755);
    room.write("dist/deep/large", new Uint8Array(20_000).fill(7));
    if (store === "local") room.link("dist/link", "small");
    for (const [task, said] of [["a", SHORT], ["b", LONG]] as const) {
      const result = room.result(said, {
        key: keyOf(task),
        task,
        command: task,
        patterns: PATTERNS,
        explanation: EXPLANATIONS[task],
      });
      assert.ok((await open(room, store).put(result)).stored);
    }
    const files = filesBelow(store === "local" ? room.store : room.path(".qik"));
    return new Bench(room, store, files.filter((path) => !path.endsWith(".gitattributes")));
  }

  bytes(path: string): Uint8Array {
    return this.#bytes.get(path)!;
  }

  mend(): void {
    for (const [path, bytes] of this.#bytes) {
      fs.rmSync(path, { recursive: true, force: true });
      fs.writeFileSync(path, bytes);
    }
  }

  /** @returns How many of the two results were hits; both were right. */
  async assertNeverWrong(what: string): Promise<number> {
    let hits = 0;
    for (const [task, said] of [["a", SHORT], ["b", LONG]] as const) {
      // Of the repo cache artifacts are files of the repository: only they must be there.
      if (this.store === "local") this.room.remove("dist/small");
      const recalled = await this.room.recall(open(this.room, this.store), keyOf(task), PATTERNS);
      if (recalled === undefined) continue;
      hits += 1;
      assert.deepEqual(recalled.said, said.map(([stream, text]) => [stream, `${text}`]), what);
      assert.equal(recalled.manifest.exit, 0, what);
      assert.deepEqual(this.room.tree("dist"), this.#tree, what);
    }
    if (this.store === "local") this.room.write("dist/small", "small\n", 0o755);
    return hits;
  }
}

/** `entries`, `why`, `tasks`, `blobs`; in the repository `json` and `out`. */
function kindOf(path: string): string {
  const shelf = /\/v1\/(tasks|blobs)\//.exec(path)?.[1];
  return shelf ?? path.slice(path.lastIndexOf(".") + 1);
}

for (const store of STORES) {
  Deno.test(`${store}: flipped bits in every kind of file, seed ${SEED}`, async () => {
    const next = random(SEED);
    const bench = await Bench.make(store);
    using _ = bench.room;
    assert.equal(await bench.assertNeverWrong("whole"), 2);
    let misses = 0;
    let flips = 0;
    const kinds = Map.groupBy(bench.files, kindOf);
    for (const [kind, files] of kinds) {
      for (let at = 0; at < times(40, 10_000); at++) {
        const path = files[at % files.length]!;
        const bytes = bench.bytes(path).slice();
        bytes[next(bytes.length)]! ^= 1 << next(8);
        fs.writeFileSync(path, bytes);
        const hits = await bench.assertNeverWrong(`${kind}, flip ${at} of seed ${SEED}`);
        misses += 2 - hits;
        flips += 1;
        bench.mend();
      }
    }
    assert.ok(misses > 0);
    tell(
      `${store}: ${flips} flipped bits in ${kinds.size} kinds of files: 0 wrong, ${misses} misses`,
    );
  });

  Deno.test(`${store}: files cut at every length, zeroed and swapped`, async () => {
    const bench = await Bench.make(store);
    using _ = bench.room;
    let cuts = 0;
    for (const path of bench.files) {
      const bytes = bench.bytes(path);
      const most = Math.min(bytes.length, 4096);
      for (let length = 0; length < most; length += times(37, 1)) {
        fs.writeFileSync(path, bytes.subarray(0, length));
        await bench.assertNeverWrong(`${path} cut at ${length}`);
        bench.mend();
        cuts += 1;
      }
      fs.writeFileSync(path, new Uint8Array(bytes.length));
      await bench.assertNeverWrong(`${path} zeroed`);
      for (const other of bench.files) {
        fs.writeFileSync(path, bench.bytes(other));
        await bench.assertNeverWrong(`${path} in the place of ${other}`);
      }
      bench.mend();
    }
    tell(`${store}: ${cuts} truncations, ${bench.files.length ** 2} swaps: 0 wrong`);
  });

  Deno.test(`${store}: any subset of the files deleted, seed ${SEED}`, async () => {
    const next = random(SEED);
    const bench = await Bench.make(store);
    using _ = bench.room;
    const rounds = times(30, 1000);
    for (let at = 0; at < rounds; at++) {
      for (const path of bench.files) if (next(3) === 0) fs.rmSync(path);
      const hits = await bench.assertNeverWrong(`subset ${at} of seed ${SEED}`);
      bench.mend();
      if (at === 0) assert.ok(hits <= 2);
    }
    assert.equal(await bench.assertNeverWrong("whole again"), 2);
    tell(`${store}: ${rounds} subsets of files deleted: 0 hits that restore nothing`);
  });
}

/** Names that lead out of the repository, into what is git's or qik's, or to another place on some system. */
const HOSTILE = [
  "..",
  ".",
  "",
  ".git",
  ".GIT",
  ".gIt",
  "git~1",
  ".g\u200cit",
  ".git.",
  ".git ",
  ".git::$INDEX_ALLOCATION",
  "._qik",
  "._QIK",
  ".qik",
  "qik.toml",
  "QIK.TOML",
  "C:",
  "C:\\x",
  "a\\..\\..",
  "\0",
  "con",
  "hooks",
  "pre-commit",
  "dist",
  "out",
  "\uff0e\uff0e",
  "..\u2215",
  "link",
  "etc",
  "passwd",
  "a".repeat(300),
  "\ud800",
];

Deno.test(`hostile manifests write nothing outside, seed ${SEED}`, async () => {
  const next = random(SEED);
  using room = new CacheRoom();
  const { writeEntry } = await import("../../lib/cache/entry.ts");
  const { sha256 } = await import("../../lib/sys/digest.ts");
  const bytes = new TextEncoder().encode("poison");
  room.write(".git/hooks/keep", "mine");
  room.write("qik.toml", "[commands]\n");
  fs.mkdirSync(`${room.dir}/outside`);
  room.link("link", "../outside");
  room.link("dist/link", "../../outside");
  const guarded = () => [
    ...room.tree(".git"),
    fs.readFileSync(room.path("qik.toml"), "utf8"),
    ...fs.readdirSync(room.dir).filter((name) => !["root", "store", "state"].includes(name)),
    ...fs.readdirSync(`${room.dir}/outside`),
  ];
  const before = guarded();
  const cache = open(room, "local");
  const key = keyOf("hostile");
  const file = `${room.store}/v1/entries/${key.slice(0, 2)}/${key}.json`;
  fs.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  const rounds = times(2000, 1_000_000);
  let refused = 0;
  const path = () => {
    const names = Array.from({ length: 1 + next(4) }, () => pick(HOSTILE, next));
    return (next(4) === 0 ? "/" : "") + names.join("/");
  };
  for (let at = 0; at < rounds; at++) {
    const paths = [...new Set(Array.from({ length: 1 + next(2) }, path))].sort();
    const artifacts = paths.map((name) => ({
      path: name,
      kind: pick(["file", "file", "link", "directory"] as const, next),
      mode: pick([0o644, 0o4755, 0o777], next) & 0o777,
      size: bytes.length,
      content: sha256(bytes),
    })).map((one) =>
      one.kind === "directory"
        ? { ...one, size: 0, content: "" }
        : one.kind === "link"
        ? { ...one, mode: 0 }
        : one
    );
    const log = { digest: sha256(new Uint8Array()), size: 0, turns: [] };
    const manifest = {
      schema: 1,
      key,
      task: "x",
      exit: 0,
      tookMs: 0,
      storedAt: 0,
      log,
      artifacts,
    } as const;
    fs.writeFileSync(file, writeEntry({ manifest, inline: new Map([[sha256(bytes), bytes]]) }));
    const recalled = await room.recall(cache, key, next(2) === 0 ? ["**"] : ["dist", "out"]);
    if (recalled === undefined) refused += 1;
    if (at % 100 === 0 || at === rounds - 1) {
      assert.deepEqual(guarded(), before, `${at} of seed ${SEED}`);
    }
  }
  assert.ok(refused > rounds / 2, `${refused}`);
  tell(`${rounds} hostile manifests, ${refused} refused: nothing written outside or to git`);
});
