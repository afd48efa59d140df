import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InotifyEvent, openInotify, readEvents } from "../../../lib/sys/inotify.ts";
import { type Hint, inotifyWatcher, runtimeWatcher } from "../../../lib/sys/watcher.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** One event as the kernel writes it; the name is padded with NUL to `padded` bytes. */
function raw(wd: number, mask: number, name = "", padded = 16): Uint8Array {
  const bytes = new Uint8Array(16 + (name === "" ? 0 : padded));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, wd, true);
  view.setUint32(4, mask, true);
  view.setUint32(12, bytes.length - 16, true);
  bytes.set(new TextEncoder().encode(name), 16);
  return bytes;
}

Deno.test("events are read one after the other, whatever their names are filled up with", () => {
  const bytes = [
    raw(1, 0x100, "a"),
    raw(2, 0x40000100, "directory", 32),
    raw(-1, 0x4000),
    raw(3, 0x8000),
    raw(4, 0x2, "sixteen bytes ok"),
  ];
  const events = readEvents(Uint8Array.from(bytes.flatMap((one) => [...one])));
  const usual = { name: "", isDirectory: false, isLost: false, isGone: false };
  assert.deepEqual(events, [
    { ...usual, wd: 1, name: "a" },
    { ...usual, wd: 2, name: "directory", isDirectory: true },
    { ...usual, wd: -1, isLost: true },
    { ...usual, wd: 3, isGone: true },
    { ...usual, wd: 4, name: "sixteen bytes ok" },
  ]);
  assert.deepEqual(readEvents(new Uint8Array(7)), []);
});

Deno.test({
  name: "the kernel's own events: files, directories, and what is gone",
  ignore: Deno.build.os !== "linux",
  fn() {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "qik-inotify-")));
    const inotify = openInotify();
    assert.ok(inotify !== undefined, "inotify cannot be opened");
    try {
      assert.deepEqual(inotify.read(), []);
      const wd = inotify.add(root);
      assert.equal(typeof wd, "number");
      assert.equal(inotify.add(root), wd, "the same directory has the same number");
      assert.equal(inotify.add(join(root, "none")), "gone");
      writeFileSync(join(root, "é"), "1");
      mkdirSync(join(root, "inner"));
      const seen = inotify.read();
      assert.ok(seen.some(({ name, isDirectory }) => name === "é" && !isDirectory));
      assert.ok(seen.some(({ name, isDirectory }) => name === "inner" && isDirectory));
      assert.equal(inotify.add(join(root, "é")), "gone", "a file is no directory");
      symlinkSync(root, join(root, "link"));
      assert.equal(inotify.add(join(root, "link")), "gone", "nor is a link");
      const inner = inotify.add(join(root, "inner"));
      renameSync(join(root, "inner"), join(root, "moved"));
      assert.equal(inotify.add(join(root, "moved")), inner);
      rmSync(join(root, "moved"), { recursive: true });
      assert.ok(inotify.read().some(({ wd, isGone }) => wd === inner && isGone));
    } finally {
      inotify.close();
      rmSync(root, { recursive: true });
    }
  },
});

/** A watcher on a made-up kernel: `numbers` is what adding a directory answers. */
function watched(numbers: Readonly<Record<string, number | "full" | "gone">>) {
  const clock = new FakeClock();
  const [hints, blind, added]: [Hint[], string[], string[]] = [[], [], []];
  let events: InotifyEvent[] = [];
  const watcher = inotifyWatcher(
    { clock, onHint: (hint) => hints.push(hint), onBlind: (why) => blind.push(why) },
    {
      add(directory) {
        added.push(directory);
        return numbers[directory] ?? "gone";
      },
      read: () => events.splice(0),
      close() {},
    },
  );
  const happens = (...more: (Partial<InotifyEvent> & { wd: number })[]) => {
    const usual = { name: "", isDirectory: false, isLost: false, isGone: false };
    events = more.map((one) => ({ ...usual, ...one }));
    clock.advance(25);
    return hints.splice(0);
  };
  return { watcher, clock, blind, added, happens };
}

Deno.test("hints tell the new directory, a name, or nothing where events were lost", () => {
  const { watcher, happens, clock } = watched({ "/r": 1 });
  watcher.add(["/r"]);
  assert.deepEqual(
    happens(
      { wd: 1, name: "a" },
      { wd: 1, name: "d", isDirectory: true },
      { wd: 1 },
      { wd: -1, isLost: true },
      { wd: 9, name: "of nobody" },
    ),
    [{ name: "a" }, { directory: "/r/d", name: "d" }, { name: "" }, {}, {}],
  );
  watcher.close();
  assert.equal(clock.waiting, 0);
});

Deno.test("a directory is added once, again when it was gone, and under its new name", () => {
  const numbers = { "/r/a": 1, "/r/b": 1 };
  const { watcher, added, happens } = watched(numbers);
  watcher.add(["/r/a", "/r/a", "/r/none"]);
  watcher.add(["/r/a"]);
  assert.deepEqual(added.splice(0), ["/r/a", "/r/none"]);
  happens({ wd: 1, isGone: true });
  watcher.add(["/r/a"]);
  assert.deepEqual(added.splice(0), ["/r/a"]);
  watcher.add(["/r/b"]);
  assert.deepEqual(happens({ wd: 1, name: "d", isDirectory: true }), [
    { directory: "/r/b/d", name: "d" },
  ]);
  watcher.add(["/r/a"]);
  assert.deepEqual(added.splice(0), ["/r/b", "/r/a"]);
});

Deno.test("where a directory was replaced, it and what is in it are added again", () => {
  const numbers: Record<string, number> = { "/r": 1, "/r/a": 2, "/r/a/b": 3, "/r/ab": 4 };
  const { watcher, added, happens } = watched(numbers);
  const all = ["/r", "/r/a", "/r/a/b", "/r/ab"];
  assert.equal(watcher.add(all), true);
  assert.equal(watcher.add(all), false);
  added.length = 0;
  happens({ wd: 1, name: "other", isDirectory: true }, { wd: 2, name: "file" });
  watcher.add(all);
  assert.deepEqual(added, []);
  happens({ wd: 1, name: "a", isDirectory: true });
  assert.equal(watcher.add(all), false, "they are the same directories");
  assert.deepEqual(added.splice(0), ["/r/a", "/r/a/b"]);
  happens({ wd: 1, name: "a", isDirectory: true });
  Object.assign(numbers, { "/r/a": 7, "/r/a/b": 8 });
  assert.equal(watcher.add(all), true);
  assert.deepEqual(added, ["/r/a", "/r/a/b"]);
});

Deno.test("a system that grants no more is told of once, and nothing more is asked of it then", () => {
  const { watcher, blind, added } = watched({ "/r": 1, "/r/a": "full", "/r/b": "full" });
  watcher.add(["/r", "/r/a", "/r/b"]);
  watcher.add(["/r/b"]);
  assert.equal(blind.length, 1);
  assert.match(blind[0]!, /fs\.inotify\.max_user_watches/);
  assert.deepEqual(added, ["/r", "/r/a", "/r/b"]);
});

Deno.test("the runtime's watcher that cannot watch is told of once; what is gone is passed over", () => {
  const blind: string[] = [];
  const asked: string[] = [];
  const refusing = (directory: unknown) => {
    asked.push(String(directory));
    const code = directory === "/gone" ? "ENOENT" : "EMFILE";
    throw Object.assign(new Error(`${code}: watch`), { code });
  };
  const request = {
    clock: new FakeClock(),
    onHint() {},
    onBlind: (why: string) => blind.push(why),
  };
  const watcher = runtimeWatcher(request, refusing as never);
  watcher.add(["/gone", "/a", "/b"]);
  watcher.add(["/c"]);
  assert.deepEqual(asked, ["/gone", "/a"]);
  assert.equal(blind.length, 1);
  assert.match(blind[0]!, /fs\.inotify\.max_user_instances/);
  watcher.close();
});
