/** What the commands of operators use. */
export { rebuildNext, type SearchRebuild, startRebuild } from './search-rebuild.queries.js';
export { SearchRebuildService } from './search-rebuild.service.js';
