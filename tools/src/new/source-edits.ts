import ts from 'typescript';

/** Appends an import to those at the top of a module. */
export function addImport(source: string, line: string): string {
  const last = parse(source).statements.filter(ts.isImportDeclaration).at(-1);
  const at = last?.end ?? 0;
  return `${source.slice(0, at)}\n${line}${source.slice(at)}`;
}

/** Appends `element` to the array that the first property called `property` has. Null if there is no such array. */
export function appendToArray(source: string, property: string, element: string): string | null {
  const array = find(
    source,
    (node): node is ts.PropertyAssignment =>
      ts.isPropertyAssignment(node) &&
      node.name.getText() === property &&
      ts.isArrayLiteralExpression(node.initializer),
  )?.initializer as ts.ArrayLiteralExpression | undefined;
  if (!array) return null;
  const last = array.elements.at(-1);
  const at = last?.end ?? array.getStart() + 1;
  return `${source.slice(0, at)}${last ? ', ' : ''}${element}${source.slice(at)}`;
}

/** The properties of an object literal with the places that an edit needs. */
export interface ObjectProperties {
  names: string[];
  /** The source with `text` inserted as a property: before the first name that sorts after `name`, or at the end. */
  insert(name: string, text: string, options?: { sorted: boolean }): string;
}

export function objectProperties(source: string, object: ts.ObjectLiteralExpression): ObjectProperties {
  const properties = object.properties.filter(ts.isPropertyAssignment).map((property) => ({
    name: (property.name as ts.StringLiteral).text,
    start: property.getFullStart(),
    end: property.end,
  }));
  return {
    names: properties.map(({ name }) => name),
    insert: (name, text, { sorted } = { sorted: false }) => {
      const next = sorted ? properties.find((property) => property.name > name) : undefined;
      if (next) return `${source.slice(0, next.start)}\n${text},${source.slice(next.start)}`;
      const last = properties.at(-1);
      const at = last?.end ?? object.getStart() + 1;
      return `${source.slice(0, at)}${last ? ', ' : ''}${text}${source.slice(at)}`;
    },
  };
}

/** Every call of `name` in the module. */
export function callsOf(source: string, name: string): ts.CallExpression[] {
  const calls: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === name) calls.push(node);
    ts.forEachChild(node, visit);
  };
  visit(parse(source));
  return calls;
}

function find<N extends ts.Node>(source: string, matches: (node: ts.Node) => node is N): N | undefined {
  const visit = (node: ts.Node): N | undefined =>
    matches(node) ? node : ts.forEachChild(node, (child) => visit(child));
  return visit(parse(source));
}

const parse = (source: string): ts.SourceFile =>
  ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
