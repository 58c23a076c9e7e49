import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { SigningKeys } from './signing-key.service.js';

@Injectable()
export class SigningKeyJobs {
  constructor(private readonly signingKeys: SigningKeys) {}

  @SweepEvery(3600, 'key.rotate')
  async rotate(): Promise<void> {
    await this.signingKeys.rotateWhenDue();
  }
}
