import assert from "node:assert/strict";
import { cp, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NO_MOUNTS, quoted, shellWithMounts } from "../support/mounts.ts";
import { qikCommand, Repo, repoTest, type Tree } from "../support/repo.ts";

/** A result with everything that is stored: a short and a long log, small and large artifacts, a link. */
const FILES: Tree = {
  "qik.toml": `[commands.build]
exec = '''
echo run >> .runs; cat src.txt; echo note >&2
mkdir -p out; cp src.txt out/copy.txt; head -c 400000 /dev/zero > out/large.bin
ln -sf copy.txt out/link; chmod +x out/copy.txt
'''
deps = ["src.txt"]
artifacts = ["out"]
[commands.long]
exec = "echo run >> .runs; yes long | head -c 300000"
deps = ["src.txt"]
[commands.always]
exec = "echo always"
`,
  ".gitignore": "out\n.runs\n",
  "src.txt": "one\n",
};

async function runs(repo: Repo): Promise<number> {
  return (await repo.read(".runs").catch(() => "")).split("\n").length - 1;
}

/** What a right run leaves behind, whatever became of the cache. */
async function assertRight(repo: Repo, what: string): Promise<void> {
  assert.equal(await repo.read("out/copy.txt"), "one\n", what);
  assert.equal((await lstat(repo.path("out/copy.txt"))).mode & 0o111, 0o111, what);
  assert.equal((await lstat(repo.path("out/large.bin"))).size, 400_000, what);
  assert.ok((await lstat(repo.path("out/link"))).isSymbolicLink(), what);
  assert.equal(await repo.read("src.txt"), "one\n", what);
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
    join(parentPath, name)
  ).sort();
}

type Damage = (path: string) => Promise<void>;

async function altered(path: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  await writeFile(path, change(new Uint8Array(await readFile(path))));
}

const flipped = (at: (length: number) => number): Damage => (path) =>
  altered(path, (bytes) => {
    if (bytes.length > 0) bytes[at(bytes.length)]! ^= 1;
    return bytes;
  });

const DAMAGES: Readonly<Record<string, Damage>> = {
  "emptied": (path) => writeFile(path, ""),
  "cut in half": (path) => altered(path, (bytes) => bytes.slice(0, bytes.length >> 1)),
  "one bit at the start": flipped(() => 0),
  "one bit in the middle": flipped((length) => length >> 1),
  "one bit at the end": flipped((length) => length - 1),
  "zeros of the same size": (path) => altered(path, (bytes) => bytes.fill(0)),
  "another object": (path) => writeFile(path, "{}\n"),
  "null": (path) => writeFile(path, "null"),
  "a list": (path) => writeFile(path, '[{"version":1,"schema":1}]'),
  "longer": (path) => altered(path, (bytes) => new Uint8Array([...bytes, 0x0a, 0x00])),
  "gone": (path) => rm(path),
};

/** A warm store, kept aside so that each damage starts from it. */
async function warmStore(repo: Repo): Promise<string[]> {
  await repo.must();
  await repo.must();
  assert.equal(await runs(repo), 2, "warm");
  await cp(repo.path("._qik"), repo.path("../pristine"), {
    recursive: true,
    preserveTimestamps: true,
  });
  return await filesBelow(repo.path("._qik"));
}

async function makePristine(repo: Repo): Promise<void> {
  await repo.remove("._qik", "out");
  await cp(repo.path("../pristine"), repo.path("._qik"), {
    recursive: true,
    preserveTimestamps: true,
  });
}

/**
 * Whatever is in the store, a run ends well, its results are right, and all is warm again after one of them;
 * where two things are damaged the second one is found when the first one is whole again.
 */
async function assertMends(repo: Repo, what: string, runsToMend: 1 | 2 = 1): Promise<void> {
  const ran = await repo.qik("-v");
  assert.equal(ran.code, 0, `${what}\n${ran.out}${ran.err}`);
  assert.doesNotMatch(ran.err, /bug in qik/, what);
  assert.match(ran.out, /one\nnote\n|note\none\n/, what);
  assert.equal(ran.out.match(/^long$/gm)?.length, 60_000, what);
  await assertRight(repo, what);
  if (runsToMend === 2) await repo.must();
  const before = await runs(repo);
  const next = await repo.qik();
  assert.equal(next.code, 0, `${what}\n${next.out}${next.err}`);
  assert.equal(await runs(repo), before, `${what}: written anew\n${next.out}${next.err}`);
  await assertRight(repo, what);
}

for (const [what, damage] of Object.entries(DAMAGES)) {
  repoTest(
    `everything in ._qik damaged (${what}): the run is right, and the next one warm`,
    FILES,
    async (repo) => {
      for (const path of await warmStore(repo)) await damage(path);
      await rm(repo.path("out"), { recursive: true });
      await assertMends(repo, what, 2);
    },
  );
}

repoTest(
  "each file of ._qik damaged alone: the run is right, and the next one warm",
  FILES,
  async (repo) => {
    const damages = Object.entries(DAMAGES);
    const files = await warmStore(repo);
    assert.ok(files.length > 8, files.join(" "));
    for (const [at, path] of files.entries()) {
      const [what, damage] = damages[at % damages.length]!;
      await makePristine(repo);
      await damage(path);
      await assertMends(repo, `${path}: ${what}`);
    }
  },
);

repoTest(
  "a store that cannot be read is not damaged: one warning, runs are right, and it is used later",
  FILES,
  async (repo) => {
    await warmStore(repo);
    const before = await runs(repo);
    await repo.run("sh", "-c", "mv ._qik/cache ._qik/aside; ln -s cache ._qik/cache");
    const { err, out } = await repo.must("--dry-run");
    assert.match(out + err, /Cannot read the entry: ELOOP/);
    const ran = await repo.must();
    assert.equal(ran.err.match(/\[cache-unusable\]/g)?.length, 1, ran.err);
    assert.doesNotMatch(ran.err, /cache-damaged/);
    assert.match(ran.out, /build: .*the cached result cannot be used/);
    await repo.run("sh", "-c", "rm ._qik/cache; mv ._qik/aside ._qik/cache");
    await repo.must();
    assert.equal(await runs(repo), before + 2);
    await assertRight(repo, "in a circle");
  },
);

repoTest("a damaged entry is one warning, and the task says why it ran", FILES, async (repo) => {
  await warmStore(repo);
  for (const path of await filesBelow(repo.path("._qik/cache"))) {
    if (path.includes("/entries/")) await DAMAGES["cut in half"]!(path);
  }
  const { err, out } = await repo.must();
  assert.equal(err.match(/\[cache-damaged\]/g)?.length, 2, err);
  assert.match(out, /build: .*the cached result was damaged/);
});

repoTest(
  "directories in the place of the store's files: runs are right, and say what is wrong",
  FILES,
  async (repo) => {
    for (const path of await warmStore(repo)) {
      await rm(path);
      await mkdir(path);
    }
    await rm(repo.path("out"), { recursive: true });
    const { code, err } = await repo.qik();
    assert.equal(code, 0, err);
    assert.match(err, /\[cache-damaged\]|\[cache-unwritable\]/);
    await assertRight(repo, "directories");
  },
);

repoTest(
  "a remembered configuration that was altered by hand is not believed",
  FILES,
  async (repo) => {
    const files = await warmStore(repo);
    for (const path of files.filter((path) => path.includes("/state/"))) {
      await altered(path, (bytes) => {
        const text = new TextDecoder("latin1").decode(bytes).replaceAll(
          "echo always",
          "echo hacked",
        );
        return Uint8Array.from(text, (char) => char.charCodeAt(0));
      });
    }
    assert.equal((await repo.must("always")).out, "always\n");
  },
);

/** A test that needs mounts; it fails where they cannot be made, unless the variable says that this is known. */
function mountTest(name: string, files: Tree, body: (repo: Repo) => Promise<void>): void {
  Deno.test({
    name,
    ignore: NO_MOUNTS,
    async fn() {
      await using repo = await Repo.create(files);
      try {
        await body(repo);
      } catch (error) {
        console.error(`--- ${name}: what ran\n${repo.log}`);
        throw error;
      }
    },
  });
}

const READ_ONLY = "mount --bind ._qik ._qik; mount -o remount,bind,ro ._qik";

mountTest("a read-only ._qik: misses run and are right, with one warning", FILES, async (repo) => {
  const { code, err } = await shellWithMounts(repo, `mkdir ._qik; ${READ_ONLY}; qik`);
  assert.equal(code, 0, err);
  assert.equal(err.match(/\[cache-unwritable\]/g)?.length, 1, err);
  await assertRight(repo, "read-only");
});

mountTest("a read-only ._qik: what it holds is replayed", FILES, async (repo) => {
  await repo.must();
  await repo.remove("out");
  const { code, out, err } = await shellWithMounts(repo, `${READ_ONLY}; qik; qik long | wc -c`);
  assert.equal(code, 0, err);
  assert.match(out, /300000/);
  assert.equal(await runs(repo), 2, out + err);
  await assertRight(repo, "read-only");
});

mountTest("a read-only ._qik: a command's own exit code is the run's", FILES, async (repo) => {
  await repo.write({ "qik.toml": '[commands.no]\nexec = "echo no; exit 7"\ndeps = ["src.txt"]\n' });
  const { code, out } = await shellWithMounts(repo, `mkdir ._qik; ${READ_ONLY}; qik`);
  assert.deepEqual([code, out], [7, "no\n"]);
});

mountTest("a read-only repository: what needs no writing runs", FILES, async (repo) => {
  const script =
    'mount --bind "$PWD" "$PWD"; mount -o remount,bind,ro "$PWD"; cd "$PWD"; qik always';
  const { code, out, err } = await shellWithMounts(repo, script);
  assert.deepEqual([code, out], [0, "always\n"], err);
  assert.match(err, /\[cache-unwritable\]/);
});

mountTest(
  "a full disk below ._qik: results are right, one warning, and later they are stored",
  FILES,
  async (repo) => {
    const { code, out, err } = await shellWithMounts(
      repo,
      `mkdir ._qik; mount -t tmpfs -o size=128k tmpfs ._qik
    head -c 1000000 /dev/zero > ._qik/filler 2>/dev/null || true
    qik > first.txt
    cp out/copy.txt was.txt; rm -rf out; qik long | wc -c
    rm ._qik/filler; mount -o remount,size=8m ._qik; qik > second.txt; qik`,
    );
    assert.equal(code, 0, out + err);
    assert.match(err, /\[cache-unwritable\].*\n.*hint: .*free space/);
    assert.match(out, /300000/);
    assert.match(out, /2 cached/, "the last run");
    assert.equal(await repo.read("was.txt"), "one\n");
    await assertRight(repo, "full disk");
  },
);

mountTest(
  "a store of 1 MiB and a log of 3 MB: code and output are the command's, and the next run works",
  {
    "qik.toml": `[commands.big]
exec = "yes 0123456789 | head -c 3000000; exit $(cat code)"
deps = ["code"]
`,
    "code": "7\n",
  },
  async (repo) => {
    const { code, out, err } = await shellWithMounts(
      repo,
      `mkdir ._qik; mount -t tmpfs -o size=1m tmpfs ._qik
    qik big > first || echo "code $?"; wc -c < first
    echo 0 > code; qik big > second; wc -c < second
    find ._qik -name '*tmp*' -type f; find ._qik/cache -name '*.json'
    mount -o remount,size=16m ._qik; qik big > third; qik big > fourth; cmp third fourth; wc -c < fourth`,
    );
    assert.equal(code, 0, out + err);
    assert.equal(out, "code 7\n3000000\n3000000\n3000000\n");
    assert.equal(err.match(/\[cache-unwritable\]/g)?.length, 2, "one warning for each run");
    assert.match(err, /1 cached/, "the last run");
  },
);

repoTest("64 open files are enough, and what they do not suffice for is no result", {
  "qik.toml": Array.from({ length: 30 }, (_, at) =>
    `[commands.c${at}]
exec = "echo ${at}; echo ${at} > out${at}"
deps = ["in"]
artifacts = ["out${at}"]
`).join(""),
  ".gitignore": "out*\n",
  "in": "1\n",
}, async (repo) => {
  const script = 'ulimit -n "$1"; shift; exec "$@"';
  for (const files of ["64", "40"]) {
    await repo.remove("._qik");
    for (let round = 0; round < 2; round++) {
      const ran = await repo.run("sh", "-c", script, "sh", files, ...qikCommand(), "-n", "8");
      assert.doesNotMatch(ran.err, /bug in qik/, ran.err);
      if (files === "64") assert.equal(ran.code, 0, ran.err);
    }
    await repo.remove(...Array.from({ length: 30 }, (_, at) => `out${at}`));
    const after = await repo.must("-v");
    assert.equal(after.out.match(/^\d+$/gm)?.length, 30, after.out);
    for (let at = 0; at < 30; at++) assert.equal(await repo.read(`out${at}`), `${at}\n`);
  }
});

mountTest(
  "a disk that fills up while a result is stored leaves no half entry",
  FILES,
  async (repo) => {
    const { code, out, err } = await shellWithMounts(
      repo,
      `mkdir ._qik; mount -t tmpfs -o size=500k tmpfs ._qik
    qik; qik; find ._qik -name '*tmp*' -type f; du -k ._qik | tail -1`,
    );
    assert.equal(code, 0, out + err);
    assert.doesNotMatch(err, /cache-damaged/);
    assert.doesNotMatch(out, /\.qik-tmp|\/tmp\/./, "no temporary file is left");
    await assertRight(repo, "filled up");
  },
);

mountTest(
  "an artifact that does not fit where it belongs: the command runs instead",
  FILES,
  async (repo) => {
    await repo.must("build");
    await repo.remove("out");
    const { code, out, err } = await shellWithMounts(
      repo,
      `mkdir out; mount -t tmpfs -o size=64k tmpfs out; echo mine > out/copy.txt
    qik build || echo "code $?"; find out -type f | sort`,
    );
    assert.equal(code, 0, err);
    assert.match(err, /Cannot restore: (ENOSPC|No space left).* \[cache-unusable\]/);
    assert.doesNotMatch(err, /bug in qik|\[cache-damaged\]/);
    assert.equal(await runs(repo), 2, "the command ran");
    assert.doesNotMatch(out, /tmp/, "no temporary file is left");
  },
);

mountTest("an input that cannot be read fails its task alone, naming the file", {
  "qik.toml": `[commands.reads]
exec = "echo reads"
deps = ["secret.txt"]
[commands.needs]
exec = "echo needs"
deps = [{ type = "command", name = "reads" }]
[commands.other]
exec = "echo other"
`,
  "secret.txt": "s",
}, async (repo) => {
  // Root may read every file; this one answers each read with an error.
  const script = "mount --bind /proc/self/mem secret.txt; qik || echo code $?";
  const { out, err } = await shellWithMounts(repo, script);
  assert.match(err, /"secret\.txt".*\[file-unreadable\]/);
  assert.match(out, /code 2/);
  assert.match(out, /ok other|✅ other/);
  assert.match(out, /needs: needs reads/);
});

mountTest("two containers that share a tree run what is the same once", {
  "qik.toml": `[commands.c]
exec = "echo > up; read go < gate; echo ran >> ../ran; echo result"
deps = ["in"]
`,
  "in": "1\n",
  ".gitignore": "*\n",
}, async (repo) => {
  const qik = quoted(qikCommand());
  const { code, out, err } = await shellWithMounts(
    repo,
    `mkfifo up gate
unshare --pid --fork --mount-proc ${qik} c > first.txt 2>&1 &
read x < up
unshare --pid --fork --mount-proc ${qik} c > second.txt 2>&1 &
until grep -q task-locked second.txt; do sleep 0.05; done
echo > gate
wait
cat first.txt second.txt ../ran`,
  );
  assert.equal(code, 0, out + err);
  assert.equal(out.match(/^result$/gm)?.length, 2, out);
  assert.equal(out.match(/^ran$/gm)?.length, 1, out);
});
