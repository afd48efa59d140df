type NodeProcess = typeof import("node:process");

/**
 * node's `process`, for modules that a recalled run loads: Deno makes it when it is first touched, in 10 ms, and 40 for
 * `node:fs`. An import would touch it.
 */
export function nodeProcess(): NodeProcess {
  return (globalThis as unknown as { readonly process: NodeProcess }).process;
}

let fs: typeof import("node:fs") | undefined;

/** `node:fs`, loaded when it is first needed. */
export function nodeFs(): typeof import("node:fs") {
  return fs ??= nodeProcess().getBuiltinModule("node:fs");
}

/** Whether this is Linux, and on which of the processors whose structs are known. */
export function linuxProcessor(): "x64" | "arm64" | undefined {
  if ("Deno" in globalThis) {
    const { os, arch } = Deno.build;
    if (os !== "linux") return undefined;
    return arch === "aarch64" ? "arm64" : arch === "x86_64" ? "x64" : undefined;
  }
  const { platform, arch } = nodeProcess();
  if (platform !== "linux") return undefined;
  return arch === "arm64" || arch === "x64" ? arch : undefined;
}
