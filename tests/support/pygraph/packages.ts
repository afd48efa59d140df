/** Python packages to compare with: real code, and grimp, whose graph is the reference; 30 MB to download. */
import { join } from "node:path";
import { pinnedPython } from "../pinned.ts";

const GRIMP = ["grimp==3.20"];
const CODE = [
  "Django==5.2.8",
  "SQLAlchemy==2.0.44",
  // These share the namespace package `google`.
  "google-api-core==2.28.1",
  "google-auth==2.43.0",
  "google-cloud-core==2.5.0",
  "google-cloud-storage==3.6.0",
  "googleapis-common-protos==1.72.0",
];

export interface PinnedPackages {
  /** An interpreter that has grimp. */
  readonly python: string;
  /** The directory that the packages lie in, and nothing else. */
  readonly site: string;
}

/** @throws Where there is no python3, no pip or no network: without them nothing would be compared. */
export function pinnedPackages(): PinnedPackages {
  const directory = pinnedPython("pygraph", { importable: GRIMP, asFiles: CODE });
  return { python: join(directory, "venv", "bin", "python"), site: join(directory, "site") };
}
