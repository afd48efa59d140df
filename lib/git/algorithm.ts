/** What contents are named by: git's own object format; SHA-256 where there is no git. */
export type Algorithm = "sha1" | "sha256";
