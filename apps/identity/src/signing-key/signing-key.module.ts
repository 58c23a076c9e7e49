import { Module } from '@nestjs/common';
import { SigningKeyController } from './signing-key.controller.js';
import { SigningKeyJobs } from './signing-key.jobs.js';
import { SigningKeyService } from './signing-key.service.js';

@Module({
  controllers: [SigningKeyController],
  providers: [SigningKeyService, SigningKeyJobs],
  exports: [SigningKeyService],
})
export class SigningKeyModule {}
