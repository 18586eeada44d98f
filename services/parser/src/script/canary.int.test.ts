import { isInCanary, registryEventSubject } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { PRODUCT, script, startSurroundings } from '../testing/parser-under-test.ts';

test('a canary parses its share of the devices until it is in force or ended', async () => {
  await using around = await startSurroundings();
  const devices = Array.from({ length: 40 }, (_, n) => `pump-${n}`);
  const inCanary = (percent: number): string[] => devices.filter((name) => isInCanary(name, percent));
  await around.startParser();
  let stored = 0;
  /** Which devices' messages the canary parses. */
  const parsedByCanary = async (): Promise<string[]> => {
    around.nats.publish(registryEventSubject('parsing-script', PRODUCT), '{}');
    await around.nats.flush();
    await Promise.all(devices.map((deviceName) => around.publish([{ deviceName }, { deviceName }])));
    const messages = (await around.messages((stored += 2 * devices.length))).slice(-2 * devices.length);
    for (const message of messages) {
      expect(message.json()).toEqual({ v: Number(message.header.get('Gatehouse-Script-Version')) });
    }
    const ofCanary = messages.filter((message) => message.header.get('Gatehouse-Script-Version') === '2');
    const names = ofCanary.map(({ subject }) => subject.split('.')[3] ?? '');
    return devices.filter((name) => names.filter((each) => each === name).length === 2);
  };

  around.setScript(1, script('return { v: 1 }'));
  expect(await parsedByCanary()).toEqual([]);
  for (const percent of [10, 50]) {
    around.setCanary(2, script('return { v: 2 }'), percent);
    expect(await parsedByCanary()).toEqual(inCanary(percent));
  }
  around.setScript(1, script('return { v: 1 }'));
  expect(await parsedByCanary()).toEqual([]);
  around.setScript(2, script('return { v: 2 }'));
  expect(await parsedByCanary()).toEqual(devices);
});
