import type { Picture } from "../../plugin/picture.ts";
import { cyclesIn } from "./cycles.ts";
import { targetsOf } from "./walk.ts";

const FORMATS = ["text", "dot", "mermaid", "json", "html"] as const;
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

/** A group of nodes that all lead to each other, by their names. */
interface NamedCycle {
  readonly nodes: readonly string[];
  readonly way: readonly string[];
}

function cyclesOf(picture: Picture): NamedCycle[] {
  const named = (list: readonly number[]) => list.map((at) => picture.nodes[at]!);
  return cyclesIn(targetsOf(picture)).map(({ nodes, way }) => ({
    nodes: named(nodes),
    way: named(way),
  }));
}

function textOf(picture: Picture): string {
  const { nodes } = picture;
  const targets = targetsOf(picture);
  const lines = nodes.map((name, at) => {
    const list = targets[at]!.map((to) => nodes[to]).join(", ");
    return list === "" ? name : `${name} -> ${list}`;
  });
  const cycles = cyclesOf(picture);
  for (const { nodes, way } of cycles) {
    const among = way.length - 1 < nodes.length ? ` among ${nodes.length} nodes` : "";
    lines.push(`cycle${among}: ${way.join(" -> ")}`);
  }
  lines.push(sizeOf(picture, cycles));
  return `${lines.join("\n")}\n`;
}

function sizeOf({ nodes, edges }: Picture, cycles: readonly NamedCycle[]): string {
  const count = (list: readonly unknown[], what: string) =>
    `${list.length} ${what}${list.length === 1 ? "" : "s"}`;
  return [count(nodes, "node"), count(edges, "edge"), count(cycles, "cycle")].join(", ");
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
  const places = new Map(nodes.map((name, at) => [name, at]));
  const cycles = cyclesOf(picture);
  const groups = cycles.map(({ nodes, way }) =>
    `<li>${way.map(escaped).join(" &rarr; ")}<details><summary>${nodes.length} nodes</summary>` +
    `${links(nodes.map((name) => places.get(name)!))}</details></li>`
  );
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>qik :graph</title>\n` +
    "<style>body{font-family:system-ui;max-width:60em;margin:auto}h2{font-size:1em}" +
    "section:target{background:#ffc}</style>\n" +
    `<h1>${sizeOf(picture, cycles)}</h1>\n` +
    `<ul>${groups.join("")}</ul>\n${items.join("\n")}\n</html>\n`;
}
