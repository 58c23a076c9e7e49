import { runService } from '@roost/platform';
import { listings } from './service.js';

await runService(listings);
