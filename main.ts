import { answerVersion } from "./lib/cli/version.ts";
import { begin } from "./lib/sys/begin.ts";

if (!await answerVersion(begin())) {
  const { main } = await import("./lib/cli/app.ts");
  await main(async () => {
    const [{ openSys }, { BUILT_IN }] = await Promise.all([
      import("./lib/sys/open.ts"),
      import("./plugins/mod.ts"),
    ]);
    return { sys: openSys(), builtIn: BUILT_IN };
  });
}
