import assert from "node:assert/strict";
import { NO_MOUNTS, shellWithMounts } from "../support/mounts.ts";
import { Repo, repoTest } from "../support/repo.ts";

/** What is said about inputs that are not what they seem. */

const warnings = (text: string, code: string) => text.split(`[${code}]`).length - 1;

const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";

repoTest("inputs that Git LFS has not fetched are told, and are not taken for their content", {
  "qik.toml": '[commands]\nread = { exec = "cat *.bin", deps = ["*.bin", "text"] }\n',
  ".gitattributes": "*.bin filter=lfs\n",
  "a.bin": POINTER,
  "b.bin": POINTER,
  "text": POINTER,
}, async (repo) => {
  for (let run = 0; run < 3; run++) {
    const { err } = await repo.must();
    assert.match(err, /"a\.bin" and 2 more are Git LFS pointers|"a\.bin" of "read" and 2 more/);
    assert.equal(warnings(err, "lfs-pointer"), 1, err);
  }
  await repo.write({ "a.bin": "content a\n", "b.bin": "content b\n", "text": "x" });
  const fetched = await repo.must();
  assert.equal(warnings(fetched.err, "lfs-pointer"), 0);
  assert.match(fetched.out, /content a\ncontent b/);
  await repo.write({ "b.bin": POINTER });
  assert.match((await repo.must()).err, /"b\.bin" of "read" is a Git LFS pointer/);
});

const COPY = {
  "qik.toml": '[commands]\ncopy = { exec = "cat in.txt", deps = ["in.txt"] }\n',
  "in.txt": "1\n",
};

repoTest("while git is at work nothing is stored", COPY, async (repo) => {
  await repo.write({ ".git/index.lock": "" });
  for (let run = 0; run < 2; run++) {
    const { err } = await repo.must();
    assert.match(err, /1 ran/);
    assert.equal(warnings(err, "git-busy"), 1);
    assert.match(err, /"\.git\/index\.lock" is there/);
  }
  await repo.remove(".git/index.lock");
  const { err } = await repo.must();
  assert.match(err, /1 ran/);
  assert.equal(warnings(err, "git-busy"), 0);
  // What is stored is replayed all the same: it fits the files as they are.
  assert.match((await repo.must()).err, /1 cached/);
  await repo.write({ ".git/index.lock": "" });
  assert.match((await repo.must()).err, /1 cached/);
});

repoTest("a git that ends soon is waited for", COPY, async (repo) => {
  await repo.write({ ".git/index.lock": "" });
  const script = '(sleep 0.3; rm .git/index.lock) & exec "$@"';
  const words = await repo.writeProgram();
  const { code, err } = await repo.run("sh", "-c", script, "sh", `${words}/qik`);
  assert.equal(code, 0, err);
  assert.equal(warnings(err, "git-busy"), 0, err);
  assert.match(err, /1 ran/);
  assert.match((await repo.must()).err, /1 cached/);
});

/** The checkout as the lower layer of an overlay, as containers see what their image brings; `seen` is the upper view. */
const OVERLAY = `
mount -t tmpfs none ../layers
mkdir ../layers/lower ../layers/upper ../layers/work ../layers/seen
cp -a . ../layers/lower
cd ../layers
mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work seen
cd seen
`;

Deno.test({
  name: "a file that an overlay copies up counts by its content",
  ignore: NO_MOUNTS,
  async fn() {
    await using repo = await Repo.create(COPY);
    await repo.write({ "../layers/": "" });
    const { out, err, code } = await shellWithMounts(
      repo,
      `${OVERLAY}
qik 2>&1; qik 2>&1
touch -r in.txt ../kept; printf 2 1<> in.txt; touch -r ../kept in.txt
qik 2>&1
rm in.txt; qik 2>&1 || true
printf '1\\n' > in.txt; qik 2>&1`,
    );
    assert.equal(code, 0, out + err);
    assert.deepEqual(out.match(/\d (ran|cached|failed)/g), [
      "1 ran",
      "1 cached",
      "1 ran",
      "1 failed",
      "1 cached",
    ], out + err);
  },
});

repoTest("git --literal-pathspecs, as magit calls it, tells its hooks nothing that stops them", {
  "qik.toml": `[commands]
make = "echo 1 > made"
read = { exec = "cat in.txt made", deps = [".", { type = "command", name = "make" }] }
`,
  "in.txt": "1\n",
}, async (repo) => {
  const program = await repo.writeProgram();
  await repo.write({ ".git/hooks/pre-commit": `#!/bin/sh\nexec "${program}/qik"\n` });
  await repo.run("chmod", "+x", ".git/hooks/pre-commit");
  for (const option of ["--literal-pathspecs", "--glob-pathspecs", "--icase-pathspecs"]) {
    const { code, err } = await repo.run(
      "git",
      ...["-c", "user.name=t", "-c", "user.email=t@t", option],
      ...["commit", "-q", "--allow-empty", "-m", "change"],
    );
    assert.equal(code, 0, err);
    assert.match(err, /2 tasks:/, option);
    await repo.remove("made");
  }
});
