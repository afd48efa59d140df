import { answerVersion } from "./lib/cli/version.ts";
import { begin } from "./lib/sys/begin.ts";

if (!answerVersion(begin())) {
  const [{ main }, { openSys }, { BUILT_IN }] = await Promise.all([
    import("./lib/cli/app.ts"),
    import("./lib/sys/open.ts"),
    import("./plugins/mod.ts"),
  ]);
  await main({ sys: openSys(), builtIn: BUILT_IN });
}
