import { euros } from "../cart/format.ts";

const prices: Record<string, number> = JSON.parse(await Deno.readTextFile("dist/prices.json"));
const rows = Object.entries(prices).map(([name, cents]) => `<li>${name}: ${euros(cents)}</li>\n`);
await Deno.writeTextFile("dist/index.html", `<!doctype html>\n<ul>\n${rows.join("")}</ul>\n`);
console.log(`wrote ${rows.length} prices`);
