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
  /** Nesting of fields. */
  maxDepth: number;
  maxAliases: number;
  /** Fields at the root of a query or mutation. */
  maxRootFields: number;
  /** All fields, fragments spread out. */
  maxFields: number;
  introspection: boolean;
}

/** Braces, brackets and arguments nest deeper than fields do. */
const NESTING_PER_DEPTH = 3;
/** What GraphiQL asks goes deeper, into wrappers of wrappers of types. */
const INTROSPECTION_DEPTH = 20;

const refuse = (message: string) => new GraphQLError(message);

/**
 * Refuses a text before it is parsed: what is too long, or nests so deep that a parser would run out of stack. Costs no
 * more than reading it once.
 */
export function refuseHugeText(text: string, { maxCharacters, maxTokens, maxDepth }: DocumentLimits): void {
  if (text.length > maxCharacters) throw refuse(`The document has more than ${maxCharacters} characters`);
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  let nesting = 0;
  for (;;) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) return;
    tokens += 1;
    if (tokens > maxTokens) throw refuse(`The document has more than ${maxTokens} tokens`);
    if (kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L) {
      nesting += 1;
      if (nesting > maxDepth * NESTING_PER_DEPTH) throw tooDeep(maxDepth);
    } else if (kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R) {
      nesting -= 1;
    }
  }
}

const tooDeep = (maxDepth: number) => refuse(`The operation is deeper than ${maxDepth} fields`);

/**
 * Refuses a document by what it would make a server do, before it is validated or planned. Walks fragments as often as
 * they are spread, and stops at the first limit.
 */
export function refuseCostlyDocument(document: DocumentNode, limits: DocumentLimits): void {
  const operations = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length > 1) throw refuse('Send one operation per request');
  if (operation.operation === 'subscription') throw refuse('There are no subscriptions');
  new Walk(document, limits).root(operation.selectionSet);
}

class Walk {
  readonly #fragments: ReadonlyMap<string, SelectionSetNode>;
  readonly #open = new Set<string>();
  #fields = 0;
  #aliases = 0;
  #roots = 0;
  #inSchema = false;

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

  root(selections: SelectionSetNode): void {
    this.#walk(selections, 1, 1);
  }

  #count(): void {
    this.#fields += 1;
    if (this.#fields > this.limits.maxFields)
      throw refuse(`The operation asks for more than ${this.limits.maxFields} fields`);
  }

  #walk(set: SelectionSetNode, depth: number, hops: number): void {
    if (hops > this.limits.maxDepth * NESTING_PER_DEPTH) throw tooDeep(this.limits.maxDepth);
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) this.#field(selection, depth, hops);
      else if (selection.kind === Kind.INLINE_FRAGMENT) this.#walk(selection.selectionSet, depth, hops + 1);
      else this.#spread(selection.name.value, depth, hops);
    }
  }

  #field(field: FieldNode, depth: number, hops: number): void {
    const { maxDepth, maxAliases, maxRootFields, introspection } = this.limits;
    const name = field.name.value;
    if (!introspection && (name === '__schema' || name === '__type'))
      throw refuse('Introspection is switched off');
    if (depth > (this.#inSchema ? INTROSPECTION_DEPTH : maxDepth) && !name.startsWith('__'))
      throw tooDeep(maxDepth);
    this.#count();
    if (field.alias) {
      this.#aliases += 1;
      if (this.#aliases > maxAliases) throw refuse(`The operation has more than ${maxAliases} aliases`);
    }
    if (depth === 1) {
      this.#roots += 1;
      if (this.#roots > maxRootFields)
        throw refuse(`The operation has more than ${maxRootFields} root fields`);
    }
    const outside = !this.#inSchema;
    if (name === '__schema' || name === '__type') this.#inSchema = true;
    if (field.selectionSet) this.#walk(field.selectionSet, depth + 1, hops + 1);
    if (outside) this.#inSchema = false;
  }

  #spread(name: string, depth: number, hops: number): void {
    this.#count();
    const fragment = this.#fragments.get(name);
    if (!fragment) return; // validation says so
    if (this.#open.has(name)) throw refuse(`The fragment ${name} spreads itself`);
    this.#open.add(name);
    this.#walk(fragment, depth, hops + 1);
    this.#open.delete(name);
  }
}
