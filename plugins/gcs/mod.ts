import type { PluginFactory } from "../../mod.ts";
import type { GcsSettings } from "./schema.ts";

/** Remote caches in buckets of Google Cloud Storage. */
const plugin: PluginFactory = (qik) => ({
  name: "gcs",
  remotes: [
    qik.remoteType<GcsSettings>({
      kind: "gcs",
      schema: async () => (await import("./schema.ts")).settings,
      open: async (request) => (await import("./store.ts")).openGcsStore(request),
    }),
  ],
});

export default plugin;
