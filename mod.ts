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
  RemoteType,
  StoreRequest,
} from "./lib/plugin/api.ts";
export type { ListedObject, ObjectStore, StoreCall } from "./lib/cache/remote/store.ts";
export { faultOfStatus, readBytes, readText, StoreFault } from "./lib/cache/remote/store.ts";
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
  Origin,
  Producer,
  PutOutcome,
  RestoreOutcome,
  RestorePlace,
  TaskResult,
} from "./lib/cache/cache.ts";
export type { Ending, QikEvent, Reporter } from "./lib/events/events.ts";
export { QikError } from "./lib/base/problems.ts";
export type { Problem } from "./lib/base/problems.ts";
export { VERSION } from "./lib/base/version.ts";
