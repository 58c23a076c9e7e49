// What a program needs to read its settings and to open its log. The index also loads Nest and the database, which takes
// about a second: a start that ends with a StartError does not wait for that.
export { FileStoreConfig, RANDOM } from './config/base-config.js';
export { isOrigin } from './config/allowed-origin.js';
export { ClientUrls, CorsOrigins } from './config/client-settings.js';
export { type Environment, readConfig, StartError } from './config/read-config.js';
export { createLogger, logDestination } from './logging/logging.js';
