import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { SigningKeyService } from './signing-key.service.js';

@Injectable()
export class SigningKeyJobs {
  constructor(private readonly signingKeys: SigningKeyService) {}

  @SweepEvery(3600, 'key.rotate')
  async rotate(): Promise<void> {
    await this.signingKeys.rotateWhenDue();
  }
}
