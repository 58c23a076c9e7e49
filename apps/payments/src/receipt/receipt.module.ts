import { Module } from '@nestjs/common';
import { PaperModule } from '../paper/paper.module.js';
import { ReceiptController } from './receipt.controller.js';
import { ReceiptReader } from './receipt-reader.service.js';
import { BookingReceiptsResolver, PaymentReceiptResolver } from './receipt.resolver.js';

@Module({
  imports: [PaperModule],
  controllers: [ReceiptController],
  providers: [BookingReceiptsResolver, PaymentReceiptResolver, ReceiptReader],
})
export class ReceiptModule {}
