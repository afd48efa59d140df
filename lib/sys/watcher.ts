import { messageOf } from "../base/message_of.ts";
import { watch } from "node:fs";
import { type Inotify, openInotify } from "./inotify.ts";
import { type Clock, errorCode } from "./sys.ts";

/** That something may have happened; never what. Whoever hears it looks for itself. */
export interface Hint {
  /** Absolute path of a directory that came to be, or may have. */
  readonly directory?: string;
  /** Name of what it is about, without its directory; unset where that is not known (events were lost, say). */
  readonly name?: string;
}

/** Watches directories, each for what happens directly in it. */
export interface Watcher {
  /**
   * Begins to watch directories as well; those that are watched already cost nothing. Gone ones are passed over.
   *
   * @returns Whether any of them was not watched before.
   */
  add(directories: Iterable<string>): boolean;
  close(): void;
}

export interface WatchRequest {
  readonly clock: Clock;
  /** Called for each hint, in bursts. */
  readonly onHint: (hint: Hint) => void;
  /** Called once where directories can no longer be watched: hints are missing from here on. */
  readonly onBlind: (why: string) => void;
}

/**
 * Opens a watcher: Linux's own inotify, elsewhere what the runtime has.
 *
 * On Linux no runtime will do: one opens an instance of inotify for every watcher, of which there are 128, both watch
 * ignored directories with all that is in them, and both lose events without a word where the queue is full.
 */
export function openWatcher(request: WatchRequest): Watcher {
  const inotify = openInotify();
  return inotify === undefined ? runtimeWatcher(request) : inotifyWatcher(request, inotify);
}

/** How often the queue of events is emptied. Asking an empty one takes 1 µs. */
const ASK_MS = 25;

const FULL =
  "the system's limit of watched directories is reached (sysctl fs.inotify.max_user_watches raises it)";

/** See {@link openWatcher}; the C library's functions are given. */
export function inotifyWatcher(
  { clock, onHint, onBlind }: WatchRequest,
  inotify: Inotify,
): Watcher {
  const directories = new Map<number, string>();
  const watched = new Set<string>();
  let blind = false;
  const stop = clock.every(ASK_MS, () => {
    const moved = new Set<string>();
    for (const { wd, name, isDirectory, isLost, isGone } of inotify.read()) {
      const directory = directories.get(wd);
      if (isGone && directory !== undefined) {
        directories.delete(wd);
        watched.delete(directory);
      }
      if (isLost || directory === undefined) onHint({});
      else if (isDirectory && name !== "") {
        moved.add(`${directory}/${name}`);
        onHint({ directory: `${directory}/${name}`, name });
      } else onHint({ name });
    }
    forget(watched, moved);
  });
  return {
    add(more) {
      let isNew = false;
      for (const directory of more) {
        if (watched.has(directory)) continue;
        const wd = inotify.add(directory);
        if (wd === "gone") continue;
        if (wd === "full") {
          if (!blind) onBlind(FULL);
          blind = true;
          break;
        }
        isNew ||= !directories.has(wd);
        // The same directory under a new name has the same number.
        const before = directories.get(wd);
        if (before !== undefined) watched.delete(before);
        directories.set(wd, directory);
        watched.add(directory);
      }
      return isNew;
    },
    close() {
      stop();
      inotify.close();
    },
  };
}

/**
 * Takes out what another directory may stand at by now: `moved` came, went or was replaced with all that is in it, and
 * those inside of one that was moved away say nothing. Adding what is still the same one costs a call.
 */
function forget(watched: Set<string>, moved: ReadonlySet<string>): void {
  if (![...moved].some((directory) => watched.has(directory))) return;
  for (const directory of watched) {
    for (let end = directory.length; end > 0; end = directory.lastIndexOf("/", end - 1)) {
      if (moved.has(directory.slice(0, end))) watched.delete(directory);
    }
  }
}

/** See {@link openWatcher}; Node's `watch`, which both runtimes have, is given. */
export function runtimeWatcher(
  { onHint, onBlind }: WatchRequest,
  open: typeof watch = watch,
): Watcher {
  const watchers = new Map<string, { close(): void }>();
  let blind = false;
  const goBlind = (error: unknown) => {
    if (!blind) onBlind(reasonOf(error));
    blind = true;
  };
  return {
    add(directories) {
      let isNew = false;
      for (const directory of directories) {
        const inside = [...watchers.keys()].some((known) => directory.startsWith(`${known}/`));
        if (blind || inside || watchers.has(directory)) continue;
        try {
          const watcher = open(
            directory,
            { recursive: true },
            (_, name) => onHint(name === null ? {} : { name: name.slice(name.search(/[^/\\]*$/)) }),
          );
          watcher.on("error", goBlind);
          watchers.set(directory, watcher);
          isNew = true;
        } catch (error) {
          // Gone since it was listed: whoever removed it has told its parent.
          if (errorCode(error) !== "ENOENT") goBlind(error);
        }
      }
      return isNew;
    },
    close: () => watchers.forEach((watcher) => watcher.close()),
  };
}

/** Linux counts those who watch as well as what they watch. */
function reasonOf(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOSPC") return FULL;
  if (code === "EMFILE") {
    return "the system's limit of watchers is reached (sysctl fs.inotify.max_user_instances raises it)";
  }
  return messageOf(error);
}
