import { ConfigurationInvalid } from '@gatehouse/nest';
import { expect, test } from 'vitest';
import { checkResultLimit } from './parser.config.ts';

test('a result limit that NATS could not store does not start', () => {
  expect(() => checkResultLimit({ PARSER_SCRIPT_RESULT_MAX_BYTES: 524_288 }, 1_048_576)).not.toThrow();
  expect(() => checkResultLimit({ PARSER_SCRIPT_RESULT_MAX_BYTES: 848_577 }, 1_048_576)).toThrow(
    new ConfigurationInvalid([
      {
        path: 'PARSER_SCRIPT_RESULT_MAX_BYTES',
        message: 'must be at most 848576: max_payload of the NATS server (1048576) less 200000',
      },
    ]),
  );
});
