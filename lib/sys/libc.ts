import process from "node:process";

/** The few functions of the C library that replace a process by another program. Addresses are machine words. */
export interface Libc {
  /** Where bytes are in memory, as long as somebody holds on to them. */
  address(bytes: Uint8Array): bigint;
  /** Answers only where it failed. */
  execve(file: bigint, argv: bigint, environment: bigint): void;
  /** Lets a signal do what it does by default. */
  defaultSignal(number: number): void;
  /** Blocks the signals of a set, and no others. */
  blockOnly(set: bigint): void;
}

/** glibc, musl under the names that distributions give it, macOS. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"],
  darwin: ["libSystem.B.dylib"],
};
const SIG_SETMASK = process.platform === "darwin" ? 3 : 2;

/** `undefined` where this runtime or machine has no such way. */
export function openLibc(): Libc | undefined {
  const open = "Deno" in globalThis ? openWithDeno : "Bun" in globalThis ? openWithBun : undefined;
  for (const library of open === undefined ? [] : LIBRARIES[process.platform] ?? []) {
    try {
      const libc = open!(library);
      if (libc !== undefined) return libc;
    } catch {
      // Another name of the library, or none that can be opened.
    }
  }
  return undefined;
}

function openWithDeno(library: string): Libc | undefined {
  // Asking for a permission that was not given would stop everything with a question.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  const { symbols } = Deno.dlopen(library, {
    execve: { parameters: ["usize", "usize", "usize"], result: "i32" },
    signal: { parameters: ["i32", "usize"], result: "usize" },
    sigprocmask: { parameters: ["i32", "usize", "usize"], result: "i32" },
  });
  return {
    address: (bytes) =>
      BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>))),
    execve: (file, argv, environment) => void symbols.execve(file, argv, environment),
    defaultSignal: (number) => void symbols.signal(number, 0n),
    blockOnly: (set) => void symbols.sigprocmask(SIG_SETMASK, set, 0n),
  };
}

/** The parts of Bun's foreign functions that are used here. */
interface BunFfi {
  dlopen(
    library: string,
    functions: Readonly<Record<string, { args: readonly string[]; returns: string }>>,
  ): { readonly symbols: Readonly<Record<string, (...args: (number | bigint)[]) => unknown>> };
  ptr(bytes: Uint8Array): number;
}

function openWithBun(library: string): Libc {
  const { FFI } = (globalThis as unknown as { readonly Bun: { readonly FFI: BunFfi } }).Bun;
  const { symbols } = FFI.dlopen(library, {
    execve: { args: ["u64", "u64", "u64"], returns: "i32" },
    signal: { args: ["i32", "u64"], returns: "u64" },
    sigprocmask: { args: ["i32", "u64", "u64"], returns: "i32" },
  });
  return {
    address: (bytes) => BigInt(FFI.ptr(bytes)),
    execve: (file, argv, environment) => void symbols["execve"]!(file, argv, environment),
    defaultSignal: (number) => void symbols["signal"]!(number, 0n),
    blockOnly: (set) => void symbols["sigprocmask"]!(SIG_SETMASK, set, 0n),
  };
}
