/**
 * qik's public interface: what plugins and embedders import.
 *
 * @module
 */
export { definePlugin } from "./lib/plugin/api.ts";
export type {
  CacheRequest,
  CacheType,
  Plugin,
  PluginFactory,
  PluginHost,
} from "./lib/plugin/api.ts";
export type {
  DepType,
  DepWorld,
  Fact,
  LateDep,
  NeedRequest,
  PlannedDep,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from "./lib/plan/types.ts";
export type {
  Artifact,
  Cache,
  CapturedLog,
  Hit,
  Lookup,
  Manifest,
  PutOutcome,
  RestoreOutcome,
  RestorePlace,
  TaskResult,
} from "./lib/cache/cache.ts";
export type { Ending, QikEvent, Reporter } from "./lib/events/events.ts";
export { VERSION } from "./lib/base/version.ts";
