/**
 * The live view in tmux, which is a terminal with its own idea of widths and of what happens to lines when a window
 * changes its size. In the long form only: `tests/cli/live_view_test.ts` holds the same with an emulator from npm.
 */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { Gate } from "../support/gate.ts";
import { Goldens } from "../support/golden.ts";
import { qikCommand, Repo } from "../support/repo.ts";
import { FULL, randomMoment } from "../support/torture.ts";

const goldens = new Goldens(new URL("../golden/tmux/", import.meta.url));

const NOTES: Readonly<Record<string, string>> = {
  build: "compiling 3 of 40",
  lint: "検査中 日本語のファイル名 試験は成功しました 🚀🚀 ｆｕｌｌ ｗｉｄｔｈ 検査中 終わり",
  "test-with-a-rather-long-name": `${"word ".repeat(60)}end`,
  typecheck: "red done",
};

/** A server of its own, so that nobody's sessions and settings are touched. */
class Tmux {
  constructor(readonly repo: Repo) {}

  async run(...words: readonly string[]): Promise<string> {
    const env = { LC_ALL: "C.UTF-8", TERM: "xterm-256color", NO_COLOR: undefined };
    const all = ["-S", this.repo.path("../tmux"), "-f", "/dev/null", ...words];
    const { code, out, err } = await this.repo.with({ env }).run("tmux", ...all);
    assert.equal(code, 0, `tmux ${words.join(" ")}: ${err} (Debian's package is "tmux")`);
    return out;
  }

  /** What the window shows as soon as it is so. */
  async shown(isSo: (text: string) => boolean): Promise<string> {
    const limit = performance.now() + 60_000;
    for (;;) {
      const text = (await this.run("capture-pane", "-p")).trimEnd() + "\n";
      if (isSo(text)) return steady(text);
      assert(performance.now() < limit, `never shown:\n${text}`);
      await randomMoment(20);
    }
  }
}

function steady(text: string): string {
  return text.replaceAll(/ *\b\d+(\.\d+)?(ms|s)\b/g, " <time>").replaceAll(/ +$/gm, "");
}

for (const columns of [40, 200]) {
  Deno.test({
    name: `the live view in tmux, ${columns} columns, then 60`,
    ignore: !FULL,
    async fn() {
      await using repo = await Repo.create();
      await mkdir(repo.path("gates"));
      const gates = Object.keys(NOTES).map((name) => new Gate(repo.path("gates"), name));
      const commands = gates.map(({ name, exec }) =>
        `${name} = '''echo "${NOTES[name]}"; ${exec}'''\n`
      );
      await repo.write({ "qik.toml": `[commands]\n${commands.join("")}` });
      const tmux = new Tmux(repo);
      const size = ["-x", `${columns}`, "-y", "30"];
      const words = [...qikCommand(), "-n", "4"].map((word) => `'${word}'`).join(" ");
      await tmux.run("new-session", "-d", ...size, `${words}; cat gates/end`);
      try {
        await repo.run("mkfifo", "gates/end");
        const whole = (text: string) => /compiling[^]*検査[^]*word[^]*red[^]*0\/4 tasks/.test(text);
        const first = await tmux.shown(whole);
        await tmux.run("resize-window", "-x", "60", "-y", "20");
        const second = await tmux.shown((text) => whole(text) && text.includes("long-n…"));
        for (const [at, gate] of gates.entries()) await gate.pass(at === 1 ? 3 : 0);
        const end = await tmux.shown((text) => /4 tasks: 3 ran, 1 failed/.test(text));
        goldens.check(
          `${columns}-columns`,
          `${first}=== 60 columns\n${second}=== at the end\n${end}`,
        );
      } finally {
        await tmux.run("kill-server");
      }
    },
  });
}
