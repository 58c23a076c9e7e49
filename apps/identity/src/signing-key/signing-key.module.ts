import { Module } from '@nestjs/common';
import { SigningKeyController } from './signing-key.controller.js';
import { SigningKeyJobs } from './signing-key.jobs.js';
import { SigningKeys } from './signing-key.service.js';

@Module({
  controllers: [SigningKeyController],
  providers: [SigningKeys, SigningKeyJobs],
  exports: [SigningKeys],
})
export class SigningKeyModule {}
