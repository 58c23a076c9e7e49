import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent } from '@roost/messaging';
import { ExportProgressService } from './export-progress.service.js';

@Controller()
export class ExportConsumer {
  constructor(private readonly progress: ExportProgressService) {}

  /** The source of an event is `/` and the name of its service. */
  @OnEvent('privacy.export-part-ready')
  async ready(body: EventBody<'privacy.export-part-ready'>, { source }: EventMeta): Promise<void> {
    await this.progress.complete(body, source.slice(1));
  }
}
