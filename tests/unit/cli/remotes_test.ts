import assert from "node:assert/strict";
import { Secrets } from "../../../lib/base/secrets.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import { parseArgs } from "../../../lib/cli/args.ts";
import { openProject } from "../../../lib/cli/project.ts";
import { Remotes } from "../../../lib/cli/remotes.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { BUILT_IN } from "../../../plugins/mod.ts";
import { CacheRoom, keyOf } from "../../support/cache_room.ts";

Deno.test("a remote that is open tells what lies here by now, and asks no server", async () => {
  using room = new CacheRoom();
  room.write(
    "qik.toml",
    `[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "http://127.0.0.1:1"
[commands.build]
exec = "true"
deps = []
cache = "team"
`,
  );
  const sys = openSys();
  const parts = { sys, builtIn: BUILT_IN, secrets: new Secrets() };
  const project = await openProject(parts, parseArgs(["-C", room.root]));
  const { files, clock, store: dir, state: stateDir } = room;
  const local = openLocalCache({ files, clock, dir, stateDir });
  const remotes = new Remotes({ sys, project, local });
  await remotes.open(project.plan.tasks);
  const key = keyOf("build");
  const has = () => remotes.find("team")!.has!(key);
  assert.equal(has(), false);
  await local.put(room.result([], { key }));
  assert.equal(has(), true);
});
