import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  Lexer,
  type SelectionSetNode,
  Source,
  TokenKind,
} from 'graphql';

export interface DocumentLimits {
  maxCharacters: number;
  maxTokens: number;
  /** Maximum nesting of fields. */
  maxDepth: number;
  maxAliases: number;
  /** Maximum number of root fields of a query or mutation. */
  maxRootFields: number;
  /** Maximum number of fields, with fragments expanded. */
  maxFields: number;
  introspection: boolean;
}

/** Braces, brackets and parentheses per level of fields: arguments and inline fragments nest, too. */
const NESTING_PER_DEPTH = 3;
/** The introspection query of GraphiQL nests deeper: types wrap types. */
const INTROSPECTION_DEPTH = 20;

const limitError = (message: string) => new GraphQLError(message);

/**
 * Checks a document before it is parsed. Throws a `GraphQLError` if the text is too long, or nested so deeply that the
 * parser could exceed the stack. Reads the text once.
 */
export function checkTextLimits(text: string, { maxCharacters, maxTokens, maxDepth }: DocumentLimits): void {
  if (text.length > maxCharacters) throw limitError(`The document has more than ${maxCharacters} characters`);
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  let nesting = 0;
  for (;;) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) return;
    tokens += 1;
    if (tokens > maxTokens) throw limitError(`The document has more than ${maxTokens} tokens`);
    if (kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L) {
      nesting += 1;
      if (nesting > maxDepth * NESTING_PER_DEPTH) throw tooDeep(maxDepth);
    } else if (kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R) {
      nesting -= 1;
    }
  }
}

const tooDeep = (maxDepth: number) => limitError(`The operation is deeper than ${maxDepth} fields`);

/**
 * Checks a parsed document before it is validated or planned. Throws a `GraphQLError` at the first exceeded limit. A
 * fragment counts each time it is spread.
 */
export function checkDocumentLimits(document: DocumentNode, limits: DocumentLimits): void {
  const operations = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length > 1) throw limitError('Send one operation per request');
  if (operation.operation === 'subscription') throw limitError('Subscriptions are not supported');
  new LimitVisitor(document, limits).check(operation.selectionSet);
}

/** Walks the selections of one operation and counts. */
class LimitVisitor {
  readonly #fragments: ReadonlyMap<string, SelectionSetNode>;
  readonly #openFragments = new Set<string>();
  #fields = 0;
  #aliases = 0;
  #roots = 0;
  #inIntrospection = false;

  constructor(
    document: DocumentNode,
    private readonly limits: DocumentLimits,
  ) {
    this.#fragments = new Map(
      document.definitions.flatMap((it) =>
        it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it.selectionSet] as const] : [],
      ),
    );
  }

  check(selections: SelectionSetNode): void {
    this.#walk(selections, 1, 1);
  }

  #count(): void {
    this.#fields += 1;
    if (this.#fields > this.limits.maxFields)
      throw limitError(`The operation has more than ${this.limits.maxFields} fields`);
  }

  #walk(set: SelectionSetNode, depth: number, nesting: number): void {
    if (nesting > this.limits.maxDepth * NESTING_PER_DEPTH) throw tooDeep(this.limits.maxDepth);
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) this.#field(selection, depth, nesting);
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        this.#walk(selection.selectionSet, depth, nesting + 1);
      else this.#spread(selection.name.value, depth, nesting);
    }
  }

  #field(field: FieldNode, depth: number, nesting: number): void {
    const { maxDepth, maxAliases, maxRootFields, introspection } = this.limits;
    const name = field.name.value;
    if (!introspection && (name === '__schema' || name === '__type'))
      throw limitError('Introspection is disabled');
    if (depth > (this.#inIntrospection ? INTROSPECTION_DEPTH : maxDepth) && !name.startsWith('__'))
      throw tooDeep(maxDepth);
    this.#count();
    if (field.alias) {
      this.#aliases += 1;
      if (this.#aliases > maxAliases) throw limitError(`The operation has more than ${maxAliases} aliases`);
    }
    if (depth === 1) {
      this.#roots += 1;
      if (this.#roots > maxRootFields)
        throw limitError(`The operation has more than ${maxRootFields} root fields`);
    }
    const entered = !this.#inIntrospection;
    if (name === '__schema' || name === '__type') this.#inIntrospection = true;
    if (field.selectionSet) this.#walk(field.selectionSet, depth + 1, nesting + 1);
    if (entered) this.#inIntrospection = false;
  }

  #spread(name: string, depth: number, nesting: number): void {
    this.#count();
    const fragment = this.#fragments.get(name);
    if (!fragment) return; // reported by the validation
    if (this.#openFragments.has(name)) throw limitError(`The fragment ${name} spreads itself`);
    this.#openFragments.add(name);
    this.#walk(fragment, depth, nesting + 1);
    this.#openFragments.delete(name);
  }
}
