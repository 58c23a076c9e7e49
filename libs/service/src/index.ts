export {
  defineService,
  type RunningService,
  type ServiceDefinition,
  type StartOptions,
} from './definition.js';
export { kafkaConnection } from './kafka.js';
export { OperationsModule } from './operations/operations.module.js';
export { runService } from './run.js';
export { startService } from './start.js';
