import assert from "node:assert/strict";
import { type Scan, scan } from "../../../../plugins/pygraph/scan/scanner.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** `line: module` or `line: dots module [names]`, with `?` for optional and `T` for type checkers' imports. */
function told({ imports }: Scan): string[] {
  return imports.map(({ module, level, names, line, typeChecking, optional }) =>
    `${line}${typeChecking ? "T" : ""}${optional ? "?" : ""}: ${".".repeat(level)}${module}` +
    (names === undefined ? "" : ` [${names.join(" ")}]`)
  );
}

function finds(name: string, source: string, expected: readonly string[]): void {
  Deno.test(`scanner: ${name}`, () => {
    const found = scan(bytes(source));
    assert.deepEqual(told(found), expected);
    assert.equal(found.flaw, undefined);
  });
}

finds("plain imports, several on a line, with aliases", "import a.b.c as d, e\nimport f;import g", [
  "1: a.b.c",
  "1: e",
  "2: f",
  "2: g",
]);
finds(
  "white space of every kind",
  "import\ta . b\f,c\nfrom . . .  d import\\\n  e as\\\n f\nfrom.import g",
  [
    "1: a.b",
    "1: c",
    "2: ...d [e]",
    "5: . [g]",
  ],
);
finds("dots and ellipses", "from ....a import b\nfrom ... import(c)\nfrom .x.y import *", [
  "1: ....a [b]",
  "2: ... [c]",
  "3: .x.y [*]",
]);
finds(
  "parentheses over lines, with comments",
  "from a import ( # x\n b, # import z\n\n c as d,\n)\nimport e",
  [
    "1: a [b c]",
    "6: e",
  ],
);
finds("CRLF, a lone CR, no last line end", "import a\r\n\r\nimport b\rimport c", [
  "1: a",
  "3: b",
  "4: c",
]);
finds("a byte order mark, tabs and form feeds", "\ufeffif x:\n\timport a\n\f\n\fimport b", [
  "2: a",
  "4: b",
]);
finds(
  "all depths: functions, classes, one-line blocks",
  "def f():\n  class A:\n    async def g(self):\n      import a\nif x: import b\nelse: from c import d\n" +
    "try: import e\nfinally: import f; import g\nclass B: import h\nwith open(x) as y: import i\n" +
    "match x:\n  case {'a': [1, *_]}: import j\n@decorated(import_=1)\ndef k(): import k\nfor x in y: import l",
  ["4: a", "5: b", "6: c [d]", "7: e", "8: f", "8: g", "9: h", "10: i", "12: j", "14: k", "15: l"],
);
finds(
  "words that only look like imports",
  "important = 1\nfrom_x = 2\nx.importer\nimport_ = 3\nraise E from e\nyield from f\ndef fromage(): pass\n" +
    "(yield\nfrom x)\nlazy = 1\nlazy: int\nimport real",
  ["12: real"],
);
finds("lazy imports", "lazy import a\nlazy from b import c\nx = 1; lazy import d", [
  "1: a",
  "2: b [c]",
  "3: d",
]);
finds(
  "strings and comments of every kind",
  `"""\nimport no\n"""\nx = '''import no\n\\''' import no\n''' # import no\ny = "import no" 'a\\'b import no'\n` +
    `z = r"\\\\" ; import yes\nw = b'''\nimport no'''\nu = "no end \\\n  import no"\nimport last`,
  ["8: yes", "13: last"],
);
finds(
  "f-strings: nested quotes, fields, formats (PEP 701)",
  `a = f"{x["import no"]}"\nimport b\nc = f'{f'{f"{1}"}'}' + f"{{import}}" + f"{y:{width}}"; import d\n` +
    `e = f"{x:%H:%M}" f'{x!r:^{10}}'\nimport f\ng = f"""{\n  # a comment with " and '\n  x["""n"""]\n}"""\nimport h\n` +
    `i = rf"\\{x}" fR'\\\\'; import j\nk = f"\\N{LATIN SMALL LETTER A}{x}"; import l\nm = t"{a["b"]}"; import n\n` +
    `o = f"{x:{"import p"}}"; import q\nr = f"{'a' if b else {'c': '}'}['c']}"; import s`,
  ["2: b", "3: d", "5: f", "10: h", "11: j", "12: l", "13: n", "14: q", "15: s"],
);
finds(
  "keywords that touch quotes",
  `x = 1 if"import no"else'import no'\ny = "a"in"import no"or"f"\nimport z`,
  ["3: z"],
);
finds(
  "brackets, slices, lambdas, annotations and walruses hide nothing",
  "x: dict[str, int] = {'a': [1, (2)]}\ny = x[1:2, ...]\nz = lambda a: a\nif (n := 1): import a\n" +
    "def f(a: int = {1: 2}[1], *, b=lambda: 0) -> None: import b\nw = (\n  1 +\n  # )\n  2\n); import c",
  ["4: a", "5: b", "10: c"],
);
finds(
  "TYPE_CHECKING under its names, and what comes after",
  "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import a\n\n# comment\n  import b\nelse:\n  import c\nimport d\n" +
    "import typing as t\nif (t.TYPE_CHECKING): import e; import f\nif not TYPE_CHECKING:\n  import g\nelif x:\n  import h\n" +
    "else: import i\nfrom typing_extensions import TYPE_CHECKING as TC, Any\ndef f():\n  if TC:\n    if x:\n      import j\n" +
    "    from k import l\n  import m\nif x:\n  pass\nelif TC:\n  import n\nelse:\n  import o\nif TC or x: import p\nif TC and x:\n import q",
  [
    "1: typing [TYPE_CHECKING]",
    "3T: a",
    "6T: b",
    "8: c",
    "9: d",
    "10: typing",
    "11T: e",
    "11T: f",
    "13: g",
    "15T: h",
    "16T: i",
    "17: typing_extensions [TYPE_CHECKING Any]",
    "21T: j",
    "22T: k [l]",
    "23: m",
    "27T: n",
    "29: o",
    "30: p",
    "32: q",
  ],
);
finds(
  "imports that may fail",
  "try:\n  import a\n  if x:\n    import b\nexcept (KeyError, # :\n    ImportError) as e:\n  import c\nelse:\n  import d\nimport e\n" +
    "try: import f\nexcept KeyError: import g\nexcept Exception: pass\ntry:\n  import h\nexcept:\n  raise\n" +
    "try:\n  import i\nexcept ValueError:\n  import j\nfinally:\n  import k\ntry:\n  import l\nexcept ModuleNotFoundError:\n  l = None",
  [
    "2?: a",
    "4?: b",
    "7?: c",
    "9: d",
    "10: e",
    "11?: f",
    "12: g",
    "15?: h",
    "19: i",
    "21: j",
    "23: k",
    "25?: l",
  ],
);
finds("names beyond ASCII, in NFKC", "import größe.ﬁne\nfrom ﷺ import ℌ", [
  "1: größe.fine",
  `2: ${"ﷺ".normalize("NFKC")} [H]`,
]);

Deno.test("scanner: a declared encoding is read", () => {
  const latin = new Uint8Array([
    ...bytes("#!/usr/bin/python\n# -*- coding: latin-1 -*-\nimport gr"),
    0xf6,
    0x65,
  ]);
  assert.deepEqual(told(scan(latin)), ["3: gröe"]);
  // The second byte of a Shift-JIS letter may be a backslash.
  const japanese = new Uint8Array([
    ...bytes("# vim: set fileencoding=shift_jis :\nx = '"),
    0x83,
    0x5c,
    ...bytes("'\nimport a"),
  ]);
  assert.deepEqual(told(scan(japanese)), ["3: a"]);
  const koi8 = new Uint8Array([...bytes("# coding: koi8-r\nimport "), 0xc1, 0xc2]);
  assert.deepEqual(told(scan(koi8)), ["2: аб"]);
  // Python knows these, the decoder of the runtime does not.
  for (const name of ["cp437", "utf-7", "mac_turkish", "johab"]) {
    const text = new Uint8Array([
      ...bytes(`# coding: ${name}\nx = '`),
      0xe9,
      ...bytes("'\nimport a"),
    ]);
    assert.deepEqual([told(scan(text)), scan(text).flaw], [["3: a"], undefined], name);
  }
  const late = bytes("x = 1\n# coding: nonsense\nimport a");
  assert.deepEqual(scan(late).flaw, undefined);
  assert.deepEqual(scan(bytes("# coding: nonsense\nimport a")).flaw, {
    line: 1,
    message: 'unknown encoding "nonsense"',
  });
});

function flawed(
  name: string,
  source: string,
  line: number,
  message: RegExp,
  found: readonly string[],
): void {
  Deno.test(`scanner: ${name} is told, and the rest is found`, () => {
    const scanned = scan(bytes(source));
    assert.equal(scanned.flaw?.line, line);
    assert.match(scanned.flaw!.message, message);
    assert.deepEqual(told(scanned), found);
  });
}

flawed(
  "an open bracket",
  "import a\nx = foo(1,\nimport b\ny = [\nimport c",
  2,
  /"\(" is never closed/,
  [
    "1: a",
    "3: b",
    "5: c",
  ],
);
flawed("an open triple quote", 'import a\nx = """\nimport b\n', 2, /never closed/, [
  "1: a",
  "3: b",
]);
flawed("an open quote", "x = 'a\nimport b", 1, /never closed/, ["2: b"]);
flawed("a broken field", 'x = f"{a\nimport b\ny = f"{b}"\nimport c', 1, /do not close/, [
  "2: b",
  "4: c",
]);
flawed("a closing bracket too many", "x = 1)\nimport b", 1, /"\)" closes nothing/, ["2: b"]);
flawed(
  "half an import",
  "import a\nfrom b\nfrom c import\nimport\nimport d",
  2,
  /"import" is missing/,
  [
    "1: a",
    "3: c []",
    "5: d",
  ],
);
flawed("words after an import", "import a b\nimport c", 1, /goes on/, ["1: a", "2: c"]);
flawed("a NUL byte", "x = '\0'\nimport c", 1, /NUL/, ["2: c"]);

Deno.test("scanner: bytes in no known encoding are told, but in comments", () => {
  const raw = (...parts: readonly (string | number)[]) =>
    new Uint8Array(parts.flatMap((part) => typeof part === "string" ? [...bytes(part)] : [part]));
  const flawOf = (source: Uint8Array) => scan(source).flaw;
  const message = "bytes that are not UTF-8, and no other encoding is named";
  assert.deepEqual(flawOf(raw("import a\nx = '", 0xe9, "'\nimport b\n")), { line: 2, message });
  const surrogate = raw("import a", 0xed, 0xa0, 0x80, "\nimport b\n");
  assert.deepEqual(flawOf(surrogate), { line: 1, message });
  assert.equal(flawOf(raw("# caf", 0xe9, "\nimport a # ", 0xe9, "\n")), undefined);
  assert.equal(
    flawOf(raw("import a\n# ", 0xe9, "\nx = '", 0xe9, "'\n")),
    undefined,
    "after the last import",
  );
  const ascii = raw("# coding: ascii\nx = '", 0xc3, 0xa9, "'\nimport a\n");
  assert.deepEqual(flawOf(ascii)?.line, 1);
  assert.deepEqual(told(scan(ascii)), ["3: a"]);
});

Deno.test("scanner: nothing is made of nothing", () => {
  assert.deepEqual(scan(new Uint8Array()), { imports: [] });
  assert.deepEqual(scan(bytes("x = 1\n")), { imports: [] });
});
