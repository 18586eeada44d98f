import { expect, test } from 'vitest';
import { ConnectReturnCode, connectReturnCode, ReasonCode } from './reason-codes.ts';

test.for([
  ['Success', ConnectReturnCode.Accepted],
  ['UnsupportedProtocolVersion', ConnectReturnCode.UnacceptableProtocolVersion],
  ['ClientIdentifierNotValid', ConnectReturnCode.IdentifierRejected],
  ['ServerUnavailable', ConnectReturnCode.ServerUnavailable],
  ['ServerBusy', ConnectReturnCode.ServerUnavailable],
  ['ConnectionRateExceeded', ConnectReturnCode.ServerUnavailable],
  ['QuotaExceeded', ConnectReturnCode.ServerUnavailable],
  ['BadUserNameOrPassword', ConnectReturnCode.BadUserNameOrPassword],
  ['NotAuthorized', ConnectReturnCode.NotAuthorized],
  ['Banned', ConnectReturnCode.NotAuthorized],
  ['TopicNameInvalid', ConnectReturnCode.NotAuthorized],
] as const)('an MQTT 3.1.1 client reads %s as return code %i', ([name, returnCode]) =>
  expect(connectReturnCode(ReasonCode[name])).toBe(returnCode),
);

test('every reason code of 0x80 and above is a refusal to an MQTT 3.1.1 client', () => {
  for (const reasonCode of Object.values(ReasonCode)) {
    expect(connectReturnCode(reasonCode) !== ConnectReturnCode.Accepted).toBe(reasonCode >= 0x80);
  }
});
