/**
 * Every way in which git may keep a file × every way in which it may change: the files that qik sees are those that
 * git lists, each with the digest of the bytes on disk.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Sys } from "../../lib/sys/sys.ts";
import { CHANGES, check, FILES, from, later } from "../support/changes.ts";
import { gitStates, Ground, look, withVariables } from "../support/work_tree.ts";

/** A repository as a case needs it; the ground is that of the root which is looked at. */
type SetUp = (ground: Ground) => Ground | void;

/** Changes the index file and seals it again, as a writer other than git would leave it. */
function rewriteIndex(ground: Ground, change: (bytes: Uint8Array) => void, sealed = true): void {
  const path = join(ground.root, ".git/index");
  const bytes = fs.readFileSync(path);
  change(bytes);
  const seal = sealed
    ? createHash("sha1").update(bytes.subarray(0, -20)).digest()
    : new Uint8Array(20);
  bytes.set(seal, bytes.length - 20);
  fs.writeFileSync(path, bytes);
}

/** Zeroes the nanoseconds of all entries, which have no extended flags. */
function withoutNanoseconds(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 12;
  for (let left = view.getUint32(8); left > 0; left--) {
    view.setUint32(at + 4, 0);
    view.setUint32(at + 12, 0);
    at += (62 + (view.getUint16(at + 60) & 0xfff) + 8) & ~7;
  }
}

function convert(attributes: string, content: string | Uint8Array, config: string[] = []): SetUp {
  return (ground) => {
    for (let at = 0; at < config.length; at += 2) {
      ground.git("config", config[at]!, config[at + 1]!);
    }
    if (attributes !== "") ground.write(".gitattributes", `${attributes}\n`);
    ground.write("src/a.txt", content);
    ground.git("add", "-A");
  };
}

const CRLF = "one\r\ntwo\r\n";
const MIXED = "one\r\ntwo\n";
const UTF_16 = Uint8Array.from([0xff, 0xfe, 0x6f, 0, 0x6b, 0, 0x0a, 0]);

function conversions(): Record<string, SetUp> {
  const made: Record<string, SetUp> = {
    "text eol=crlf": convert("*.txt text eol=crlf", CRLF),
    "eol in a directory of its own": (g) => g.write("src/.gitattributes", "a.txt text\n"),
    "attributes that say nothing": convert("*.txt linguist-generated", CRLF),
    "ident": convert("*.txt ident", "$Id: 0123 $\n"),
    "UTF-16": convert("a.txt working-tree-encoding=UTF-16LE-BOM", UTF_16),
    "a filter, as LFS is one": convert("*.txt filter=big", "the content\n", [
      "filter.big.clean",
      "echo pointer",
      "filter.big.smudge",
      "echo the content",
    ]),
    "attributes beside the repository": (ground) => {
      fs.mkdirSync(join(ground.root, ".git/info"), { recursive: true });
      fs.writeFileSync(join(ground.root, ".git/info/attributes"), "*.txt text\n");
      convert("", CRLF)(ground);
    },
    "attributes that only the index has": (ground) => {
      convert("*.txt text", CRLF)(ground);
      fs.rmSync(join(ground.root, ".gitattributes"));
    },
  };
  for (const value of ["true", "input", "false"]) {
    for (const [name, content] of Object.entries({ LF: "one\ntwo\n", CRLF, MIXED })) {
      made[`autocrlf ${value}, ${name}`] = convert("", content, [
        "core.safecrlf",
        "false",
        "core.autocrlf",
        value,
      ]);
    }
  }
  return made;
}

function linkedWorktree(ground: Ground): Ground {
  ground.git("worktree", "add", "-q", "-b", "side", "linked");
  return from(ground, "linked");
}

function submodule(ground: Ground): Ground {
  ground.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", "./", "sub");
  return from(ground, "sub");
}

function conflict(ground: Ground): void {
  ground.git("checkout", "-q", "-b", "side");
  ground.write("src/b.txt", "side\n");
  ground.commit();
  ground.git("checkout", "-q", "-");
  ground.write("src/b.txt", "main\n");
  ground.commit();
  assert.throws(() => ground.git("merge", "side"));
}

/** Stopped in the middle, with what it could apply and what it could not. */
function rebase(ground: Ground): void {
  ground.write("src/a.txt", "uno\n");
  ground.commit();
  ground.git("checkout", "-q", "-b", "side", "HEAD^");
  ground.write("src/b.txt", "side\n");
  ground.commit();
  ground.write("src/a.txt", "one\ndue\n");
  ground.commit();
  assert.throws(() => ground.git("rebase", "-"));
  assert.ok(fs.existsSync(join(ground.root, ".git/rebase-merge")));
}

/** Two directories and two files that look alike, and differ in how their letter is put together. */
function lookalikes(ground: Ground): Ground {
  for (const directory of ["caf\u00e9", "cafe\u0301"]) {
    for (const name of ["a.txt", "\u00fc.txt", "u\u0308.txt"]) {
      ground.write(`${directory}/src/${name}`, `${directory}${name}`);
    }
  }
  ground.git("add", "-A");
  return from(ground, "cafe\u0301");
}

/** As in a hook of `git commit` with paths: an index of its own, which differs from that of the repository. */
function otherIndex(ground: Ground): Ground {
  const path = join(ground.root, ".git/next-index");
  fs.copyFileSync(join(ground.root, ".git/index"), path);
  ground.git("rm", "-q", "--cached", "src/b.txt");
  return withVariables(ground, { GIT_INDEX_FILE: path });
}

const SET_UPS: Record<string, SetUp> = {
  "version 2": () => {},
  "version 3": (g) => {
    g.write("intended", "1");
    g.git("add", "-N", "intended");
  },
  "version 4": (g) => void g.git("update-index", "--index-version", "4"),
  "split index": (g) => void g.git("update-index", "--split-index"),
  "sparse checkout": (g) => void g.git("sparse-checkout", "set", "src"),
  "sparse index": (g) => void g.git("sparse-checkout", "set", "--cone", "--sparse-index", "src"),
  "no index": (g) => fs.rmSync(join(g.root, ".git/index")),
  "index without a checksum": (g) => rewriteIndex(g, () => {}, false),
  "index with a wrong checksum": (g) =>
    rewriteIndex(g, (bytes) => void (bytes[bytes.length - 1]! ^= 1), false),
  "index of whole seconds": (g) => rewriteIndex(g, withoutNanoseconds),
  "untracked cache": (g) => void g.git("update-index", "--force-untracked-cache"),
  "fsmonitor": (g) => {
    g.git("config", "core.fsmonitor", "true");
    g.git("update-index", "--fsmonitor");
  },
  "assume-unchanged": (g) => void g.git("update-index", "--assume-unchanged", "src/a.txt"),
  "skip-worktree": (g) => void g.git("update-index", "--skip-worktree", "src/a.txt", "src/b.txt"),
  "checkStat and trustctime": (g) => {
    g.git("config", "core.checkStat", "minimal");
    g.git("config", "core.trustctime", "false");
  },
  "fileMode": (g) => void g.git("config", "core.fileMode", "false"),
  "linked worktree": linkedWorktree,
  "submodule": submodule,
  "root below the top": (g) => {
    g.write("below/src/a.txt", "five\n");
    g.git("add", "-A");
    return from(g, "below");
  },
  conflict,
  rebase,
  "cherry-pick": (g) => {
    conflict(g);
    g.git("merge", "--abort");
    assert.throws(() => g.git("cherry-pick", "side"));
  },
  "NFC and NFD": lookalikes,
  "GIT_INDEX_FILE": otherIndex,
  "parent is a symlink": (g) => {
    fs.renameSync(join(g.root, "other"), join(g.root, "moved"));
    fs.symlinkSync("moved", join(g.root, "other"));
  },
  "symlinks": (g) => {
    for (const [at, target] of ["src/a.txt", "src", "nowhere", "link3"].entries()) {
      fs.symlinkSync(target, join(g.root, `link${at}`));
    }
    g.git("add", "-A");
  },
  "times of every age": (g) => {
    for (const [at, seconds] of [0, 4_000_000_000, 2 ** 32 + 5, 2 ** 33].entries()) {
      g.write(`age${at}`, "1");
      fs.utimesSync(join(g.root, `age${at}`), seconds, seconds);
    }
    g.git("add", "-A");
  },
  "a copy of the checkout": (g) => {
    execFileSync("cp", ["-rp", g.root, join(g.base, "copy")]);
    return from(g, "../copy");
  },
  "a copy with times of its own": (g) => {
    execFileSync("cp", ["-r", g.root, join(g.base, "copy")]);
    return from(g, "../copy");
  },
  ...conversions(),
};

for (const [name, setUp] of Object.entries(SET_UPS)) {
  Deno.test(`${name}: what is on disk is what counts`, async () => {
    for (const format of ["sha1", "sha256"]) {
      // What rewrites the index by hand knows the shorter ids only.
      if (format === "sha256" && name.startsWith("index ")) continue;
      using ground = Ground.create(FILES, ["-q", `--object-format=${format}`]);
      fs.chmodSync(join(ground.root, "run.sh"), 0o755);
      ground.commit();
      const seen = setUp(ground) ?? ground;
      for (const [change, make] of Object.entries(CHANGES)) {
        if (name === "index with a wrong checksum" && change === "staged") continue;
        make(seen);
        await check(seen, `${format}, ${name}: ${change}`);
      }
    }
  });
}

Deno.test("in a plain repository the index answers, without git and without reading a file", async () => {
  for (const version of ["2", "4"]) {
    using ground = Ground.create({ ...FILES, ".gitattributes": "*.md linguist-vendored\n" });
    ground.commit();
    ground.git("update-index", "--index-version", version);
    const sys = later(ground);
    const read: string[] = [];
    const files = {
      ...sys.files,
      read(path: string) {
        read.push(path.slice(ground.root.length + 1));
        return sys.files.read(path);
      },
    };
    const tree = await ground.tree({ sys: { ...sys, files } });
    assert.deepEqual(await look(tree), gitStates(ground));
    assert.deepEqual(read.filter((path) => path in FILES), []);
    assert.deepEqual(ground.started.map((argv) => argv.includes("--others")), [true]);
    tree.save();
    assert.equal(fs.existsSync(join(ground.base, "state/files")), false, "nothing to remember");
  }
});

Deno.test("rules of conversion that are gone do not speak through the index", async () => {
  const rules: Record<string, [(g: Ground) => void, (g: Ground) => void]> = {
    "autocrlf": [
      (g) => void g.git("config", "core.autocrlf", "true"),
      (g) => void g.git("config", "core.autocrlf", "false"),
    ],
    "attributes": [
      (g) => g.write(".gitattributes", "*.txt text\n"),
      (g) => {
        g.write(".gitattributes", "*.txt -diff\n");
        g.git("add", ".gitattributes");
      },
    ],
  };
  for (const [name, [begin, end]] of Object.entries(rules)) {
    using ground = Ground.create({ "a.txt": CRLF });
    begin(ground);
    ground.commit();
    await check(ground, `${name}, while it holds`);
    // Rules are dated by whole seconds, and the test takes less than one.
    const sys = later(ground);
    end(ground);
    const clock = { ...sys.clock, now: () => sys.clock.now() + 5000 };
    const tree = await ground.tree({ sys: { ...sys, clock } });
    assert.deepEqual(await look(tree), gitStates(ground), `${name}, when it is gone`);
    const git = ground.git("ls-files", "--stage", "a.txt").split(" ")[1];
    assert.notEqual(`sha1:${git}`, (await look(tree, ["a.txt"]))[0]!.digest);
  }
});

Deno.test("a file that is as young as the index is read", async () => {
  using ground = Ground.create(FILES);
  ground.commit();
  const read: string[] = [];
  const sys = ground.sys();
  const files = {
    ...sys.files,
    read(path: string) {
      read.push(path.slice(ground.root.length + 1));
      return sys.files.read(path);
    },
  };
  await look(await ground.tree({ sys: { ...sys, files } }));
  assert.deepEqual(read.filter((path) => path in FILES), Object.keys(FILES).sort());
});

Deno.test("a repository of somebody else is refused in git's words", async () => {
  using ground = Ground.create(FILES);
  ground.commit();
  // Root may give files away; who is not root cannot, and then git's own switch for its tests has to do.
  const sys = ground.sys();
  const machine = { ...sys.machine, uid: sys.machine.uid! + 1 };
  const processes = {
    ...sys.processes,
    capture: (request: Parameters<Sys["processes"]["capture"]>[0]) =>
      sys.processes.capture({
        ...request,
        env: { ...request.env, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" },
      }),
  };
  await assert.rejects(
    () => ground.tree({ sys: { ...sys, machine, processes } }),
    /git-failed|dubious ownership/,
  );
});
