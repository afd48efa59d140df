import type { Files } from "../../sys/sys.ts";
import { attempt } from "../blobs.ts";
import { isObject } from "../manifest.ts";

type Environment = Readonly<Record<string, string>>;

/** What the CI service says of the run that qik is part of. */
export interface CiRun {
  /**
   * `fork`: for a pull request from another repository, or for one that cannot be told from such a one. `pull-request`:
   * for one from the same repository. `trusted`: for anything else (a push, a tag, a schedule). `none`: no CI.
   */
  readonly kind: "none" | "trusted" | "pull-request" | "fork";
  /** The branch that a pull request is to be merged into. */
  readonly base?: string;
  readonly repo?: string;
  readonly ref?: string;
  readonly commit?: string;
  readonly event?: string;
  readonly run?: string;
}

/** Reads the environment of the CI services that are known; a file of GitHub's tells whose a pull request is. */
export function ciRun(env: Environment, files: Pick<Files, "read">): CiRun {
  for (const service of SERVICES) {
    const run = service(env, files);
    if (run !== undefined) return cleaned(run);
  }
  return { kind: truthy(env["CI"]) ? "trusted" : "none" };
}

type Service = (env: Environment, files: Pick<Files, "read">) => Loose | undefined;

/** Empty texts mean that there is nothing. */
type Loose = { [Member in keyof CiRun]?: CiRun[Member] | undefined } & Pick<CiRun, "kind">;

const SERVICES: readonly Service[] = [
  github,
  gitlab,
  circle,
  buildkite,
  azure,
  (env) => {
    if (!env["BITBUCKET_BUILD_NUMBER"]) return undefined;
    const kind = env["BITBUCKET_PR_ID"] ? "pull-request" : "trusted";
    const { BITBUCKET_COMMIT: commit, BITBUCKET_BRANCH: ref } = env;
    return { kind, base: env["BITBUCKET_PR_DESTINATION_BRANCH"], ref, commit };
  },
  (env) => {
    if (!env["JENKINS_URL"]) return undefined;
    const kind = env["CHANGE_FORK"] ? "fork" : env["CHANGE_ID"] ? "pull-request" : "trusted";
    return {
      kind,
      base: env["CHANGE_TARGET"],
      ref: env["GIT_BRANCH"],
      commit: env["GIT_COMMIT"],
      run: env["BUILD_URL"],
    };
  },
];

/** Events of GitHub that anybody can cause, and whose runs have the repository's secrets. */
const ANYBODYS = [
  "workflow_run",
  "issue_comment",
  "issues",
  "discussion",
  "discussion_comment",
  "fork",
  "watch",
];

function github(env: Environment, files: Pick<Files, "read">): Loose | undefined {
  if (!truthy(env["GITHUB_ACTIONS"])) return undefined;
  const event = env["GITHUB_EVENT_NAME"] ?? "";
  const isPull = event.startsWith("pull_request");
  // Runs that another run started, or a comment, may act for anybody: they say nothing of a fork.
  const isAnybodys = ANYBODYS.includes(event);
  const kind = isPull
    ? isOwnPull(env["GITHUB_EVENT_PATH"], files) ? "pull-request" : "fork"
    : isAnybodys
    ? "fork"
    : "trusted";
  const { GITHUB_REPOSITORY: repo, GITHUB_REF: ref, GITHUB_SHA: commit } = env;
  const id = env["GITHUB_RUN_ID"];
  const run = id && `${env["GITHUB_SERVER_URL"] ?? ""}/${repo}/actions/runs/${id}`;
  return { kind, base: env["GITHUB_BASE_REF"], repo, ref, commit, event, run };
}

/** Only a file that says so makes a pull request the repository's own. */
function isOwnPull(path: string | undefined, files: Pick<Files, "read">): boolean {
  let event: unknown;
  attempt(() => event = JSON.parse(new TextDecoder().decode(files.read(path ?? ""))));
  const pull = isObject(event) ? event["pull_request"] : undefined;
  const head = repositoryOf(pull, "head");
  return head !== undefined && head === repositoryOf(pull, "base");
}

function repositoryOf(pull: unknown, side: "head" | "base"): string | undefined {
  const end = isObject(pull) ? pull[side] : undefined;
  const repo = isObject(end) ? end["repo"] : undefined;
  const name = isObject(repo) ? repo["full_name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

function gitlab(env: Environment): Loose | undefined {
  if (!truthy(env["GITLAB_CI"])) return undefined;
  const source = env["CI_MERGE_REQUEST_SOURCE_PROJECT_ID"];
  const isOwn = source !== undefined && source === env["CI_MERGE_REQUEST_PROJECT_ID"];
  const kind = env["CI_MERGE_REQUEST_IID"] ? isOwn ? "pull-request" : "fork" : "trusted";
  return {
    kind,
    base: env["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"],
    repo: env["CI_PROJECT_PATH"],
    ref: env["CI_COMMIT_REF_NAME"],
    commit: env["CI_COMMIT_SHA"],
    event: env["CI_PIPELINE_SOURCE"],
    run: env["CI_JOB_URL"],
  };
}

function circle(env: Environment): Loose | undefined {
  if (!truthy(env["CIRCLECI"])) return undefined;
  // CIRCLE_PR_NUMBER stands only where the pull request comes from a fork.
  const isPull = (env["CIRCLE_PULL_REQUEST"] ?? "") !== "";
  const kind = env["CIRCLE_PR_NUMBER"] ? "fork" : isPull ? "pull-request" : "trusted";
  const owner = env["CIRCLE_PROJECT_USERNAME"];
  return {
    kind,
    repo: owner && `${owner}/${env["CIRCLE_PROJECT_REPONAME"]}`,
    ref: env["CIRCLE_BRANCH"] ?? env["CIRCLE_TAG"],
    commit: env["CIRCLE_SHA1"],
    run: env["CIRCLE_BUILD_URL"],
  };
}

function buildkite(env: Environment): Loose | undefined {
  if (!truthy(env["BUILDKITE"])) return undefined;
  const isPull = !["", "false", undefined].includes(env["BUILDKITE_PULL_REQUEST"]);
  const isOwn = env["BUILDKITE_PULL_REQUEST_REPO"] === env["BUILDKITE_REPO"];
  return {
    kind: isPull ? isOwn ? "pull-request" : "fork" : "trusted",
    base: env["BUILDKITE_PULL_REQUEST_BASE_BRANCH"],
    ref: env["BUILDKITE_BRANCH"],
    commit: env["BUILDKITE_COMMIT"],
    event: env["BUILDKITE_SOURCE"],
    run: env["BUILDKITE_BUILD_URL"],
  };
}

function azure(env: Environment): Loose | undefined {
  if (!truthy(env["TF_BUILD"])) return undefined;
  const isPull = env["BUILD_REASON"] === "PullRequest";
  const isFork = env["SYSTEM_PULLREQUEST_ISFORK"]?.toLowerCase() !== "false";
  return {
    kind: isPull ? isFork ? "fork" : "pull-request" : "trusted",
    base: env["SYSTEM_PULLREQUEST_TARGETBRANCHNAME"],
    repo: env["BUILD_REPOSITORY_NAME"],
    ref: env["BUILD_SOURCEBRANCH"],
    commit: env["BUILD_SOURCEVERSION"],
    event: env["BUILD_REASON"],
    run: env["BUILD_BUILDID"],
  };
}

function cleaned(run: Loose): CiRun {
  const told = Object.entries(run).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(told) as unknown as CiRun;
}

function truthy(text: string | undefined): boolean {
  return text !== undefined && !["", "0", "false"].includes(text.toLowerCase());
}
