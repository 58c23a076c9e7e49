import { Module } from '@nestjs/common';
import { PaperIssuer } from './paper-issuer.service.js';
import { PaperNumberer } from './paper-numberer.service.js';
import { PaperConsumer } from './paper.consumer.js';
import { PaperJobs } from './paper.jobs.js';

@Module({
  controllers: [PaperConsumer],
  providers: [PaperIssuer, PaperJobs, PaperNumberer],
  exports: [PaperIssuer, PaperNumberer],
})
export class PaperModule {}
