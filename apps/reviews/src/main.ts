import { runService } from '@roost/platform';
import { reviews } from './service.js';

await runService(reviews);
