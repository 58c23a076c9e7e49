import { Controller, Get, Headers, Res } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  etagOf,
  HasEtag,
  Param,
  preferredMediaType,
  RespondsWithJsonOr,
  Summary,
  Uuid,
  withEtag,
} from '@roost/http';
import type { FastifyReply } from 'fastify';
import { englishLocale, RECEIPT_POLICY, receiptPage } from './receipt.page.js';
import { ReceiptReader } from './receipt-reader.service.js';
import { Receipt } from './receipt.dto.js';

@Controller('v1/payments')
export class ReceiptController {
  constructor(private readonly receipts: ReceiptReader) {}

  @Summary('Read the receipt of a payment')
  @Get(':id/receipt')
  @HasEtag()
  @RespondsWithJsonOr('text/html', Receipt, 'payment.not_found', 'receipt.not_found')
  async one(
    @Param('id', Uuid) id: string,
    @CurrentUser() viewer: AuthUser,
    @Headers() headers: Record<string, string | undefined>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Receipt | string> {
    const receipt = await this.receipts.one(viewer, id);
    void reply.header('vary', 'accept, accept-language');
    if (preferredMediaType(headers.accept, ['text/html', 'application/json']) === 'application/json')
      return withEtag(receipt);
    void reply.type('text/html; charset=utf-8').header('content-security-policy', RECEIPT_POLICY);
    const page = receiptPage(receipt, englishLocale(headers['accept-language']));
    return withEtag(page, etagOf(page, viewer.id));
  }
}
