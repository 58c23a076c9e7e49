import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent } from '@roost/messaging';
import { ErasureProgressService } from './erasure-progress.service.js';

@Controller()
export class ErasureConsumer {
  constructor(private readonly progress: ErasureProgressService) {}

  /** The source of an event is `/` and the name of its service. */
  @OnEvent('privacy.erasure-completed')
  async completed(body: EventBody<'privacy.erasure-completed'>, { source }: EventMeta): Promise<void> {
    await this.progress.complete(body, source.slice(1));
  }
}
