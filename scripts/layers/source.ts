import ts from "typescript";

/** A file of the checkout: its path relative to the root, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** One place that names another module, in whatever form the language allows. */
export interface Import {
  /** As written; unset for a dynamic import whose argument is not a literal. */
  readonly specifier?: string;
  readonly line: number;
}

/** A name that reaches outside of the program, at the place where it is used. */
export interface Use {
  readonly name: string;
  readonly line: number;
}

/** A function and the number of lines from its first to its last. */
export interface Length {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** All that the rules want to know about one file. */
export interface Facts {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Identifiers that stand for a value or type of that name, not for a member of something else. */
  readonly names: readonly Use[];
  /** `object.member` where both are plain names, such as `Date.now`; `new Date()` without arguments too. */
  readonly members: readonly Use[];
  readonly functions: readonly Length[];
  /** Names that the file exports by declaring them. */
  readonly exported: readonly Use[];
}

/** Parses a file and collects its facts. Comments and strings are not code and yield nothing. */
export function readFacts({ path, text }: Source): Facts {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const facts = {
    path,
    lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    imports: [] as Import[],
    names: [] as Use[],
    members: [] as Use[],
    functions: [] as Length[],
    exported: [] as Use[],
  };
  const lineOf = (node: ts.Node) =>
    file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const waiting: ts.Node[] = [file];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const line = lineOf(node);
    readImport(node, line, facts.imports);
    if (ts.isIdentifier(node) && !isMemberName(node)) facts.names.push({ name: node.text, line });
    const member = memberName(node);
    if (member !== undefined) facts.members.push({ name: member, line });
    readFunction(node, line, file, facts.functions);
    readExported(node, line, facts.exported);
    ts.forEachChild(node, (child) => void waiting.push(child));
  }
  const byLine = (a: { line: number }, b: { line: number }) => a.line - b.line;
  for (const list of [facts.imports, facts.names, facts.members, facts.functions]) {
    list.sort(byLine);
  }
  return facts;
}

function readImport(node: ts.Node, line: number, imports: Import[]): void {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    addLiteral(node.moduleSpecifier, line, imports);
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    addLiteral(node.argument.literal, line, imports);
  } else if (ts.isExternalModuleReference(node)) {
    addLiteral(node.expression, line, imports);
  } else if (ts.isCallExpression(node)) {
    const called = node.expression;
    const loads = called.kind === ts.SyntaxKind.ImportKeyword ||
      (ts.isIdentifier(called) && called.text === "require");
    if (loads) addLiteral(node.arguments[0], line, imports);
  }
}

function addLiteral(argument: ts.Node | undefined, line: number, imports: Import[]): void {
  if (argument !== undefined && ts.isStringLiteralLike(argument)) {
    imports.push({ specifier: argument.text, line });
  } else imports.push({ line });
}

/** Whether the identifier names a member (`x.process`, `{ process: 1 }`), not a thing of that name. */
function isMemberName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && !isGlobalObject(parent.expression);
  }
  if (ts.isQualifiedName(parent)) return parent.right === node;
  const declares = ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) || ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) || ts.isGetAccessor(parent) || ts.isSetAccessor(parent) ||
    ts.isEnumMember(parent);
  if (declares) return parent.name === node;
  return ts.isBindingElement(parent) && parent.propertyName === node;
}

function isGlobalObject(node: ts.Node): boolean {
  return ts.isIdentifier(node) && ["globalThis", "self", "window", "global"].includes(node.text);
}

/** `Date.now` and the like; a string in brackets on the global object counts as its name. */
function memberName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    if (ts.isIdentifier(node.expression)) return `${node.expression.text}.${node.name.text}`;
    return `?.${node.name.text}`;
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    const owner = ts.isIdentifier(node.expression) ? node.expression.text : "?";
    return `${owner}.${node.argumentExpression.text}`;
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
    return (node.arguments ?? []).length === 0 ? `new ${node.expression.text}` : undefined;
  }
  return undefined;
}

function readFunction(node: ts.Node, line: number, file: ts.SourceFile, found: Length[]): void {
  if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
  const last = file.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  const own = node.name?.getText(file);
  const given = ts.isVariableDeclaration(node.parent) ? node.parent.name.getText(file) : undefined;
  found.push({ name: own ?? given ?? "(unnamed)", line, lines: last - line + 1 });
}

function readExported(node: ts.Node, line: number, found: Use[]): void {
  if (!ts.canHaveModifiers(node)) return;
  const exported = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  if (!exported) return;
  if (ts.isVariableStatement(node)) {
    for (const { name } of node.declarationList.declarations) {
      if (ts.isIdentifier(name)) found.push({ name: name.text, line });
    }
  } else if ("name" in node && node.name !== undefined && ts.isIdentifier(node.name as ts.Node)) {
    found.push({ name: (node.name as ts.Identifier).text, line });
  }
}
