export {
  After,
  Connection,
  type ConnectionPage,
  First,
  PageArguments,
  PageInfo,
  toConnection,
} from './connection.js';
export { Arg, Args, BatchedEdge, Edge, Mutation, Parent, Query, Reference, Resolver } from './decorators.js';
export { type EntityRef, ExternalEntity } from './entity.js';
export { formatProblem, type GraphqlResponse, invalidDocument } from './errors.js';
export { type DocumentLimits, checkDocumentLimits, checkTextLimits } from './limits.js';
export { SubgraphModule } from './subgraph.module.js';
