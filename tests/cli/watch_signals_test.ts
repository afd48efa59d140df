/** `--watch`: signals end it, whenever they come. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import process from "node:process";
import { Gate } from "../support/gate.ts";
import { repoTest } from "../support/repo.ts";
import { put, startWatching, WATCHED } from "../support/watched.ts";

repoTest("signals end a watch, while it waits and while commands run", WATCHED, async (repo) => {
  const waiting = await startWatching(repo);
  waiting.signal("SIGTERM");
  assert.equal((await waiting.ended).code, 143);
  await mkdir(repo.path("../gates"));
  const gate = new Gate(repo.path("../gates"), "gate");
  await put(repo, { "qik.toml": `[commands]\ngate = '''${gate.exec}'''\n` });
  const running = repo.startQik("--watch");
  await gate.started();
  running.signal("SIGINT");
  assert.equal((await running.ended).code, 130);
});

repoTest("a signal between two runs ends a watch, though git never answers its look", {
  ".gitignore": "bin\n",
  "src/one": "1",
}, async (repo) => {
  await mkdir(repo.path("../gates"));
  const [command, look] = ["command", "look"].map((name) => new Gate(repo.path("../gates"), name));
  await put(repo, {
    "qik.toml": `[commands.one]\nexec = '''${command!.exec}'''\ndeps = ["src/one"]\n`,
  });
  await repo.writeScript(
    "bin/git",
    `#!/bin/sh
if rm "$HELD" 2>/dev/null; then ${look!.exec}; fi
PATH=\${PATH#*:} exec git "$@"
`,
  );
  const env = { HELD: repo.path("../held"), PATH: `${repo.path("bin")}:${process.env["PATH"]}` };
  const running = repo.with({ env }).startQik("--watch", "-v");
  await command!.started();
  await put(repo, { "../held": "" });
  await command!.finish();
  await look!.started();
  await running.saw("1 task: 1 ran");
  running.signal("SIGINT");
  assert.equal((await running.ended).code, 130);
  await look!.finish();
});
