import {
  parsingTrialAnswer,
  parsingTrialInput,
  type ParsingTrialAnswer,
  type ParsingTrialInput,
} from '@gatehouse/contracts';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ScriptTrial } from './script-trial.ts';

@ApiTags('parsing')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/parsing')
export class ParsingTrialsController {
  constructor(@Inject(ScriptTrial) private readonly trial: ScriptTrial) {}

  @Post('draft/::try')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Run the draft on a message, or on the last real ones; nothing of it becomes live',
    description:
      'A message is given as `topic` and `payload`, a downlink as `function` and `json`; with `recent` the draft ' +
      'runs on the last messages of the product, newest first. With `code` that code is tried, and the draft is ' +
      'left alone. A script that fails is an answer too: `outcome` and `error` say so.',
  })
  @ApiOkResponse({ standardSchema: parsingTrialAnswer })
  tryDraft(
    @Param('productKey') productKey: string,
    @Body({ schema: parsingTrialInput }) input: ParsingTrialInput,
  ): Promise<ParsingTrialAnswer> {
    return this.trial.run(productKey, input);
  }
}
