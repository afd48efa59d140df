import { main } from "./lib/cli/app.ts";
import { openSys } from "./lib/sys/open.ts";
import { BUILT_IN } from "./plugins/mod.ts";

await main({ sys: openSys(), builtIn: BUILT_IN });
