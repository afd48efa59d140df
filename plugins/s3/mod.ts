import type { PluginFactory } from "../../mod.ts";
import type { S3Settings } from "./schema.ts";

/** Remote caches in S3 buckets: those of AWS, and of everything that speaks the same protocol. */
const plugin: PluginFactory = (qik) => ({
  name: "s3",
  remotes: [
    qik.remoteType<S3Settings>({
      kind: "s3",
      schema: async () => (await import("./schema.ts")).settings,
      open: async (request) => (await import("./store.ts")).openS3Store(request),
    }),
  ],
});

export default plugin;
