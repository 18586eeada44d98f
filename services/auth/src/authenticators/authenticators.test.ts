import { AllowList, NameLookUps, OutboundPolicy } from '@gatehouse/outbound';
import { expect, test } from 'vitest';
import { authenticatorMaker } from './authenticators.ts';

test('a gateway gets no more places for look-ups by changing its authenticator', async () => {
  const asked: string[] = [];
  const names = new NameLookUps((hostname) => {
    asked.push(hostname);
    return new Promise(() => undefined);
  }, 16);
  const policy = new OutboundPolicy({ allow: AllowList.parse(''), allowLoopback: false });
  const make = authenticatorMaker(policy, 1, names);
  const ask = (gatewayId: string, hostname: string) =>
    make({
      gatewayId,
      authentication: {
        type: 'third-party',
        method: 'https',
        url: `https://${hostname}/`,
        parameters: [],
        timeoutMs: 100,
        cacheSeconds: 0,
      },
      accessKeySecret: null,
    })?.authenticate({ username: 'UN001', password: 'PW001', clientId: 'client-7', userProperties: [] }, 100);

  const first = ['a.test', 'b.test', 'c.test'].map((hostname) => ask('gw-1', hostname));
  const others = [ask('gw-2', 'd.test')];
  const answers = await Promise.all([...first, ...others]);
  const hung = 'authenticator-timeout';
  // Of a name that was not looked up it must not seem that its server hangs.
  expect(answers.map((each) => each?.answer)).toEqual(
    [hung, hung, 'authenticator-busy', hung].map((reason) =>
      expect.objectContaining({ outcome: 'failed', reason }),
    ),
  );
  expect(asked).toEqual(['a.test', 'b.test', 'd.test']);
});
