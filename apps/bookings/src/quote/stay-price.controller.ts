import { Controller, Post } from '@nestjs/common';
import { Body, Param, Public, RespondsWith, Summary, Uuid } from '@roost/http';
import { PriceStay, StayPrice } from './quote.dto.js';
import { StayPriceService } from './stay-price.service.js';

@Controller('v1/listings/:id')
export class StayPriceController {
  constructor(private readonly prices: StayPriceService) {}

  @Summary('Price a stay')
  @Post('price')
  @Public()
  @RespondsWith(
    200,
    StayPrice,
    'listing.not_found',
    'booking.dates_unavailable',
    'quote.stay_rule',
    'quote.total_out_of_range',
  )
  price(@Param('id', Uuid) listingId: string, @Body(PriceStay) body: PriceStay): Promise<StayPrice> {
    return this.prices.price(listingId, body);
  }
}
