import { runService } from '@roost/service';
import { reviews } from './service.js';

await runService(reviews);
