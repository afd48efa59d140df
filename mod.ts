/**
 * qik's public interface: what plugins and embedders import.
 *
 * @module
 */
export { definePlugin } from "./lib/plugin/api.ts";
export type {
  BuiltVenvSettings,
  CacheRequest,
  CacheType,
  InstallCall,
  MetaCall,
  MetaOption,
  Plugin,
  PluginCommand,
  PluginFactory,
  PluginGraph,
  PluginHost,
  PluginMeta,
  PluginProject,
  PluginTaskAt,
  RemoteType,
  StoreRequest,
  VenvAt,
  VenvCall,
  VenvStep,
  VenvType,
} from "./lib/plugin/api.ts";
export type { TaskCall, TaskCode, TaskSpec, ToolOptions, ToolResult } from "./lib/plan/made.ts";
export type { Code, Place, Problem } from "./lib/base/problems.ts";
export type { FaultKind, ListedObject, ObjectStore, StoreCall } from "./lib/cache/remote/store.ts";
export {
  faultOfStatus,
  readBytes,
  readFileText,
  readText,
  startOfNames,
  startOfPrefix,
  StoreFault,
} from "./lib/cache/remote/store.ts";
export type {
  CacheConfig,
  CacheWhen,
  CommandConfig,
  Config,
  CtxVariable,
  Defaults,
  DepConfig,
  FenceItem,
  Json,
  ModuleConfig,
  PluginConfig,
  PydistConfig,
  SpaceConfig,
} from "./lib/config/types.ts";
export type { Algorithm } from "./lib/git/algorithm.ts";
export { digestBytes } from "./lib/git/content.ts";
export type { LinkedDirectory } from "./lib/git/linked_directories.ts";
export type { FileState } from "./lib/git/tree.ts";
export { type Fence, isFenced, isInside, openFences } from "./lib/space/fence.ts";
export type { Packages } from "./lib/space/packages.ts";
export type { FillSpace } from "./lib/space/venv_plan.ts";
export { compileCheaply } from "./lib/sys/compile_cheaply.ts";
export { type Readable, readRegular } from "./lib/sys/read_regular.ts";
export type {
  Clock,
  DirectoryEntry,
  FileKind,
  Files,
  Net,
  Reader,
  Stat,
  Writer,
} from "./lib/sys/sys.ts";
export type {
  DepPlace,
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
export type {
  Ending,
  ProblemSeen,
  QikEvent,
  Reporter,
  RunEnded,
  RunPaused,
  RunResumed,
  RunStarted,
  RunStopping,
  Step,
  StepName,
  TaskEnded,
  TaskInfo,
  TaskOutput,
  TaskRetried,
  TaskStarted,
} from "./lib/events/events.ts";
export { QikError } from "./lib/base/problems.ts";
export {
  configurationDep,
  indexesOf,
  lockRelative,
  madePython,
  pythonProgram,
  variablesDep,
} from "./lib/plugin/venv_parts.ts";
export { sha256 } from "./lib/sys/digest.ts";
export { nearest } from "./lib/base/nearest.ts";
export { byCodeUnit } from "./lib/base/order.ts";
export { rootedPath } from "./lib/base/paths.ts";
export { percentDecoded } from "./lib/base/percent.ts";
export type { Beyond, EdgePlace, Picture } from "./lib/plugin/picture.ts";
export { VERSION } from "./lib/base/version.ts";
