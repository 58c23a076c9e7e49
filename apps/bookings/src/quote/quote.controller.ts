import { Controller, Get, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  Body,
  CurrentUser,
  Param,
  Uuid,
  withEtag,
  type AuthUser,
  Summary,
} from '@roost/http';
import { CreateQuote, Quote } from './quote.dto.js';
import { QuoteService } from './quote.service.js';

@Controller('v1/quotes')
export class QuoteController {
  constructor(private readonly quotes: QuoteService) {}

  @Summary('Create a quote')
  @Post()
  @RespondsWith(
    201,
    Quote,
    'listing.not_found',
    'booking.dates_unavailable',
    'quote.stay_rule',
    'quote.total_out_of_range',
  )
  create(@CurrentUser() guest: AuthUser, @Body(CreateQuote) body: CreateQuote): Promise<Quote> {
    return this.quotes.create(guest, body);
  }

  @Summary('Read a quote')
  @Get(':id')
  @HasEtag()
  @RespondsWith(200, Quote, 'quote.not_found')
  async read(@CurrentUser() viewer: AuthUser, @Param('id', Uuid) id: string): Promise<Quote> {
    return withEtag(await this.quotes.read(viewer, id));
  }
}
