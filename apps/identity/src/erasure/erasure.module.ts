import { Module } from '@nestjs/common';
import { AccountEraser, Erasure } from '@roost/accounts';
import { AccountModule } from '../account/account.module.js';
import { CredentialModule } from '../credential/credential.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { ErasureGauges } from './erasure-gauges.js';
import { ErasureConsumer } from './erasure.consumer.js';
import { ErasureController } from './erasure.controller.js';
import { ErasureProgressService } from './erasure-progress.service.js';
import { ErasureResolver } from './erasure.resolver.js';
import { ErasureService } from './erasure.service.js';
import { IdentityErasure } from './identity-erasure.js';
import { ObligationsService } from './obligations.service.js';
import { OperatorErasureService } from './operator-erasure.service.js';

@Module({
  imports: [AccountModule, CredentialModule, SessionModule, UserModule],
  controllers: [ErasureController, ErasureConsumer],
  providers: [
    AccountEraser,
    ErasureGauges,
    ErasureProgressService,
    ErasureResolver,
    ErasureService,
    ObligationsService,
    OperatorErasureService,
    { provide: Erasure, useClass: IdentityErasure },
  ],
})
export class ErasureModule {}
