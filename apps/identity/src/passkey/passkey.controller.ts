import { Controller, Delete, Get, Header, Patch, Post } from '@nestjs/common';
import {
  type AuthUser,
  Body,
  CurrentUser,
  Page,
  PageQuery,
  Param,
  Public,
  QueryParams,
  RespondsWith,
  StepUp,
  Summary,
  Uuid,
  VerifiedEmail,
} from '@roost/http';
import { z } from 'zod';
import { PasskeyCheckService } from '../credential/passkey-check.service.js';
import { PasskeyCreationOptions, PasskeyRequestOptions } from '../credential/passkey.dto.js';
import { Tokens } from '../session/session.dto.js';
import { LogInWithPasskey, Passkey, RegisterPasskey, RenamePasskey } from './passkey.dto.js';
import { PasskeyService } from './passkey.service.js';

const PasskeyPage = Page(Passkey);
const PasskeyQuery = z.strictObject(PageQuery);

@Controller('v1')
export class PasskeyController {
  constructor(
    private readonly passkeys: PasskeyService,
    private readonly checks: PasskeyCheckService,
  ) {}

  @Public()
  @Summary('Begin a login with a passkey')
  @Post('auth/passkeys/options')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, PasskeyRequestOptions)
  logInOptions(): Promise<PasskeyRequestOptions> {
    return this.checks.optionsForLogIn();
  }

  @Public()
  @Summary('Log in with a passkey')
  @Post('auth/passkeys')
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, Tokens, 'auth.passkey_invalid', 'account.suspended', 'auth.locked')
  logIn(@Body(LogInWithPasskey) body: LogInWithPasskey): Promise<Tokens> {
    return this.passkeys.logIn(body.credential);
  }

  // Otherwise a passkey that a stranger added before the owner of the address has verified it would stay valid.
  @Summary('Begin the registration of a passkey')
  @Post('me/passkeys/options')
  @StepUp()
  @VerifiedEmail()
  @Header('Cache-Control', 'no-store')
  @RespondsWith(200, PasskeyCreationOptions, 'auth.step_up_required', 'auth.email_unverified')
  registrationOptions(@CurrentUser() auth: AuthUser): Promise<PasskeyCreationOptions> {
    return this.passkeys.beginRegistration(auth);
  }

  @Summary('Register a passkey')
  @Post('me/passkeys')
  @StepUp()
  @VerifiedEmail()
  @RespondsWith(
    201,
    Passkey,
    'auth.step_up_required',
    'auth.email_unverified',
    'passkey.not_verified',
    'passkey.already_registered',
    'passkey.limit_reached',
  )
  register(@CurrentUser() auth: AuthUser, @Body(RegisterPasskey) body: RegisterPasskey): Promise<Passkey> {
    return this.passkeys.register(auth, body);
  }

  @Summary('List your passkeys')
  @Get('me/passkeys')
  @RespondsWith(200, PasskeyPage)
  list(
    @CurrentUser() auth: AuthUser,
    @QueryParams(PasskeyQuery) query: z.output<typeof PasskeyQuery>,
  ): Promise<z.output<typeof PasskeyPage>> {
    return this.passkeys.list(auth, query);
  }

  @Summary('Rename a passkey')
  @Patch('me/passkeys/:id')
  @RespondsWith(200, Passkey, 'passkey.not_found')
  rename(
    @CurrentUser() auth: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(RenamePasskey) body: RenamePasskey,
  ): Promise<Passkey> {
    return this.passkeys.rename(auth, id, body.name);
  }

  @Summary('Remove a passkey')
  @Delete('me/passkeys/:id')
  @StepUp()
  @RespondsWith(204, 'auth.step_up_required', 'passkey.not_found', 'auth.last_sign_in_method')
  async remove(@CurrentUser() auth: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    await this.passkeys.remove(auth, id);
  }
}
