/**
 * Real servers for tests, made from what registries hold: `go install` through the Go module proxy, `.deb` files
 * of Debian. They are made once and kept in `~/.cache/qik-tests` (or `QIK_TEST_SERVERS`), outside of the checkout.
 *
 * Where one cannot be made the tests fail and say what is missing; `QIK_TEST_NO_SERVERS=1` leaves them out.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Whether the tests that need real servers are to be left out. */
export const NO_SERVERS = (process.env["QIK_TEST_NO_SERVERS"] ?? "") !== "";

const KEPT = process.env["QIK_TEST_SERVERS"] || join(homedir(), ".cache", "qik-tests");

/** A server that runs until it is disposed of. */
export class Server implements AsyncDisposable {
  private constructor(
    readonly url: string,
    /** Holds its files; what it keeps can be looked at and damaged there. */
    readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts a program and waits until it answers at its port. */
  static async start(
    prepare: (directory: string, port: number) => Promise<{
      readonly argv: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    }>,
  ): Promise<Server> {
    const directory = await mkdtemp(join(tmpdir(), "qik-server-"));
    const port = await freePort();
    const { argv, env } = await prepare(directory, port);
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", HOME: directory, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = join(directory, "log");
    const sink = createWriteStream(log);
    child.stdout.pipe(sink, { end: false });
    child.stderr.pipe(sink, { end: false });
    const url = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 300; tries += 1) {
      if (child.exitCode !== null) break;
      const answered = await fetch(url).then((answer) => answer.text(), () => undefined);
      if (answered !== undefined) return new Server(url, directory, child);
      await run(["sleep", "0.1"]);
    }
    throw new Error(`${argv[0]} does not start:\n${await readFile(log, "utf8")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The account of {@link startS3}. */
export const S3_KEYS = { id: "qik-test-access", secret: "qik-test-secret-0123456789" } as const;

/** Versity's S3 gateway over a directory, with the bucket `bucket`. It checks signatures as AWS does. */
export async function startS3(): Promise<Server> {
  const binary = await goInstall("github.com/versity/versitygw/cmd/versitygw", "v1.8.0");
  return await Server.start(async (directory, port) => {
    for (const name of ["iam", "data/bucket", "meta"]) {
      await mkdir(join(directory, name), { recursive: true });
    }
    const argv = [binary, "--port", `127.0.0.1:${port}`, "--iam-dir", join(directory, "iam")];
    return {
      argv: [...argv, "posix", "--sidecar", join(directory, "meta"), join(directory, "data")],
      env: { ROOT_ACCESS_KEY: S3_KEYS.id, ROOT_SECRET_KEY: S3_KEYS.secret },
    };
  });
}

/** fake-gcs-server over a directory, with the bucket `bucket`. */
export async function startGcs(): Promise<Server> {
  const binary = await goInstall("github.com/fsouza/fake-gcs-server", "v1.56.1");
  return await Server.start(async (directory, port) => {
    await mkdir(join(directory, "data/bucket"), { recursive: true });
    const url = `http://127.0.0.1:${port}`;
    const place = ["-host", "127.0.0.1", "-port", `${port}`, "-external-url", url];
    const kept = ["-filesystem-root", "data", "-data", "data", "-public-host", `127.0.0.1:${port}`];
    return { argv: [binary, "-scheme", "http", ...place, ...kept, "-log-level", "error"] };
  });
}

/** Servers with a bucket, each with the variables that qik needs for it and the lines of `[caches.NAME]`. */
export const BUCKETS = {
  s3: {
    start: startS3,
    env: () => ({ AWS_ACCESS_KEY_ID: S3_KEYS.id, AWS_SECRET_ACCESS_KEY: S3_KEYS.secret }),
    cache: (url: string) => `type = "s3"\nbucket = "bucket"\nendpoint-url = "${url}"`,
  },
  gcs: {
    start: startGcs,
    env: (url: string) => ({ STORAGE_EMULATOR_HOST: url }),
    cache: () => `type = "gcs"\nbucket = "bucket"`,
  },
};

/** nginx with its dav module; `user` and `secret` are asked for below `/closed`. */
export async function startNginx(): Promise<Server> {
  const binary = await debian("nginx", "usr/sbin/nginx");
  return await Server.start(async (directory, port) => {
    for (const name of ["files", "files/closed", "tmp"]) await mkdir(join(directory, name));
    const sha = new Uint8Array(
      await crypto.subtle.digest("SHA-1", new TextEncoder().encode("secret")),
    );
    await writeFile(join(directory, "users"), `user:{SHA}${btoa(String.fromCharCode(...sha))}\n`);
    await writeFile(join(directory, "nginx.conf"), nginxConfig(directory, port));
    return { argv: [binary, "-c", join(directory, "nginx.conf"), "-e", join(directory, "errors")] };
  });
}

function nginxConfig(directory: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${directory}/tmp/${name};`
  );
  return `daemon off;
master_process off;
pid ${directory}/pid;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
  server {
    listen 127.0.0.1:${port};
    root ${directory}/files;
    client_max_body_size 8m;
    location / {
      dav_methods PUT;
      create_full_put_path on;
    }
    location /closed/ {
      dav_methods PUT;
      create_full_put_path on;
      auth_basic "closed";
      auth_basic_user_file ${directory}/users;
    }
  }
}
`;
}

/** Builds a program with Go, once. */
async function goInstall(module: string, version: string): Promise<string> {
  const name = module.split("/").at(-1)!;
  const home = join(KEPT, `${name}@${version}`);
  return await once(join(home, name), async (fresh) => {
    const env = { ...process.env, GOBIN: fresh, GOFLAGS: "-trimpath -buildvcs=false" };
    await must(["go", "install", `${module}@${version}`], { env }, "Go 1.24 or newer");
  });
}

/** Unpacks a package of Debian, once. */
async function debian(name: string, path: string): Promise<string> {
  return await once(join(KEPT, `debian-${name}`, path), async (fresh) => {
    await must(["apt-get", "download", name], { cwd: fresh }, "apt-get of Debian or Ubuntu");
    const [file] = (await readdir(fresh)).filter((one) => one.endsWith(".deb"));
    await must(["dpkg", "-x", file!, "."], { cwd: fresh }, "dpkg");
  });
}

/** Makes what stands at `path`, whoever else makes it at the same time. */
async function once(path: string, make: (fresh: string) => Promise<void>): Promise<string> {
  if (await stat(path).catch(() => undefined)) return path;
  const home = path.slice(0, path.indexOf("/", KEPT.length + 1));
  await mkdir(KEPT, { recursive: true });
  const fresh = await mkdtemp(join(KEPT, "fresh-"));
  await make(fresh);
  // Somebody else may have been faster.
  await rename(fresh, home).catch(() => rm(fresh, { recursive: true, force: true }));
  return path;
}

async function must(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
  needed: string,
): Promise<void> {
  const { code, text } = await run(argv, options);
  if (code === 0) return;
  throw new Error(
    `Cannot run "${argv.join(" ")}", which makes a server for this test: ${text}\n` +
      `It needs ${needed}, and a registry. QIK_TEST_NO_SERVERS=1 leaves such tests out.`,
  );
}

function run(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((done) => {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ["ignore", "pipe", "pipe"], ...options });
    let text = "";
    child.stdout.on("data", (bytes) => text += bytes);
    child.stderr.on("data", (bytes) => text += bytes);
    child.on("error", (error) => done({ code: 127, text: error.message }));
    child.on("close", (code) => done({ code: code ?? 1, text }));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
