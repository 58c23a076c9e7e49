import { runService } from '@roost/service';
import { listings } from './service.js';

await runService(listings);
