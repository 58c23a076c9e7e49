export { freshDatabase, freshRedis, testParts } from './parts.js';
