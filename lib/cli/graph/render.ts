import { circles } from "../../config/circles.ts";
import type { Picture } from "../../plugin/picture.ts";
import { targetsOf } from "./walk.ts";

export const FORMATS = ["text", "dot", "mermaid", "json", "html"] as const;
export type Format = (typeof FORMATS)[number];

/** A whole graph as text of the format. Ends with a line feed. */
export function renderPicture(picture: Picture, format: Format): string {
  const { nodes, edges } = picture;
  switch (format) {
    case "text":
      return textOf(picture);
    case "dot": {
      const lines = [
        ...nodes.map((name) => `  ${quoted(name)};`),
        ...edges.map(([from, to]) => `  ${quoted(nodes[from]!)} -> ${quoted(nodes[to]!)};`),
      ];
      return `digraph {\n${lines.join("\n")}\n}\n`;
    }
    case "mermaid": {
      const lines = [
        ...nodes.map((name, at) => `  n${at}["${escaped(name)}"]`),
        ...edges.map(([from, to]) => `  n${from} --> n${to}`),
      ];
      return `flowchart LR\n${lines.join("\n")}\n`;
    }
    case "json": {
      const named = edges.map(([from, to]) => ({ from: nodes[from], to: nodes[to] }));
      return `${JSON.stringify({ nodes, edges: named, cycles: cyclesOf(picture) }, null, 2)}\n`;
    }
    case "html":
      return htmlOf(picture);
  }
}

/** Circles, each as its way back to where it began. */
function cyclesOf(picture: Picture): string[][] {
  const { nodes } = picture;
  const targets = targetsOf(picture);
  return circles(new Map(nodes.map((name, at) => [name, targets[at]!.map((to) => nodes[to]!)])));
}

function textOf(picture: Picture): string {
  const { nodes, edges } = picture;
  const targets = targetsOf(picture);
  const lines = nodes.map((name, at) => {
    const list = targets[at]!.map((to) => nodes[to]).join(", ");
    return list === "" ? name : `${name} -> ${list}`;
  });
  const cycles = cyclesOf(picture);
  for (const way of cycles) lines.push(`cycle: ${way.join(" -> ")}`);
  lines.push(`${nodes.length} nodes, ${edges.length} edges, ${cycles.length} cycles`);
  return `${lines.join("\n")}\n`;
}

function quoted(name: string): string {
  return `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A page that needs nothing else: for each node what it leads to, and what leads to it, as links. */
function htmlOf(picture: Picture): string {
  const { nodes, edges } = picture;
  const targets = targetsOf(picture);
  const sources = targetsOf({ nodes, edges: edges.map(([from, to]) => [to, from]) });
  const links = (list: readonly number[]) =>
    list.map((to) => `<a href="#n${to}">${escaped(nodes[to]!)}</a>`).join(", ") || "nothing";
  const items = nodes.map((name, at) =>
    `<section id="n${at}"><h2>${escaped(name)}</h2><p>leads to ${links(targets[at]!)}</p>` +
    `<p>reached from ${links(sources[at]!)}</p></section>`
  );
  const cycles = cyclesOf(picture).map((way) => `<li>${way.map(escaped).join(" &rarr; ")}</li>`);
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>qik :graph</title>\n` +
    "<style>body{font-family:system-ui;max-width:60em;margin:auto}h2{font-size:1em}" +
    "section:target{background:#ffc}</style>\n" +
    `<h1>${nodes.length} nodes, ${edges.length} edges, ${cycles.length} cycles</h1>\n` +
    `<ul>${cycles.join("")}</ul>\n${items.join("\n")}\n</html>\n`;
}
