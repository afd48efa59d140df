import type { PluginFactory } from "../../mod.ts";
import type { HttpSettings } from "./schema.ts";

/**
 * Remote caches on plain HTTP servers, in the form that Bazel's cache servers and nginx speak: records below
 * `/ac/`, contents below `/cas/`, each under a SHA-256.
 */
const plugin: PluginFactory = (qik) => ({
  name: "http",
  remotes: [
    qik.remoteType<HttpSettings>({
      kind: "http",
      schema: async () => (await import("./schema.ts")).settings,
      open: async (request) => (await import("./store.ts")).openHttpStore(request),
    }),
  ],
});

export default plugin;
