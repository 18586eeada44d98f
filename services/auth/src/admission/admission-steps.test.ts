import { admissionStep } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { AdmissionSteps } from './admission-steps.ts';

test('the steps fit the contract, however many and however long', () => {
  const steps = new AdmissionSteps();
  for (let index = 0; index < 15; index += 1) steps.add('authenticator', 'refused', 'x'.repeat(2_000));
  const others = new AdmissionSteps();
  for (let index = 0; index < 15; index += 1) others.add('device', 'ready', '');
  steps.append(others.list);
  steps.add('session', 'ok');
  expect(steps.list).toHaveLength(20);
  for (const step of steps.list) expect(admissionStep.safeParse(step).success).toBe(true);
  expect(steps.list.at(-1)).not.toHaveProperty('detail');
});
