import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLNamedType,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** The assumed length of a list without `first`. */
const DEFAULT_LIST_SIZE = 10;
const DEFAULT_PAGE_SIZE = 20;

type Variables = Readonly<Record<string, unknown>>;

/**
 * The maximum number of values that an operation can load: each field counts one, multiplied by the lengths of the lists
 * around it. The length of a list is its `first` argument.
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, variables: Variables): number {
  const fragments = new Map(
    document.definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it.selectionSet] as const] : [],
    ),
  );
  const operation = document.definitions.find(
    (it): it is OperationDefinitionNode => it.kind === Kind.OPERATION_DEFINITION,
  );
  if (!operation) return 0;
  const root = schema.getRootType(operation.operation);
  return root ? selectionCost(operation.selectionSet, root, 0) : 0;

  function selectionCost(set: SelectionSetNode, type: GraphQLNamedType | undefined, page: number): number {
    let cost = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        cost += fieldCost(selection, type, page);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
        cost += selectionCost(selection.selectionSet, on, page);
      } else {
        const fragment = fragments.get(selection.name.value);
        if (fragment) cost += selectionCost(fragment, type, page);
      }
    }
    return cost;
  }

  function fieldCost(field: FieldNode, parent: GraphQLNamedType | undefined, page: number): number {
    const definition = isObjectType(parent)
      ? (parent as GraphQLObjectType).getFields()[field.name.value]
      : undefined;
    if (!definition || field.name.value.startsWith('__')) return 0;
    if (!field.selectionSet) return 1;
    const pages = definition.args.some(({ name }) => name === 'first');
    const inner = selectionCost(field.selectionSet, getNamedType(definition.type), pages ? sizeOf(field) : 0);
    // The number of edges of a connection is its `first` argument.
    return 1 + inner * (isListType(getNullableType(definition.type)) ? page || DEFAULT_LIST_SIZE : 1);
  }

  function sizeOf(field: FieldNode): number {
    const size = valueOf(field.arguments?.find(({ name }) => name.value === 'first'));
    return typeof size === 'number' && size > 0 ? size : DEFAULT_PAGE_SIZE;
  }

  function valueOf(argument: ArgumentNode | undefined): unknown {
    if (argument?.value.kind === Kind.INT) return Number(argument.value.value);
    return argument?.value.kind === Kind.VARIABLE ? variables[argument.value.name.value] : undefined;
  }
}

/** Throws a `GraphQLError` if the cost of an operation exceeds the maximum. */
export function checkCost(cost: number, max: number): void {
  if (cost > max)
    throw new GraphQLError(
      `The operation costs ${cost}, the maximum is ${max}: request fewer fields or shorter lists`,
    );
}
