import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { HostFiguresService } from './host-figures.service.js';

/** The job only starts the sweep; the due hosts are stored in the database. */
@Injectable()
export class HostFiguresJobs {
  constructor(private readonly figures: HostFiguresService) {}

  @SweepEvery(60, 'host-figures.evaluate')
  evaluate(): Promise<void> {
    return this.figures.evaluateDue();
  }
}
