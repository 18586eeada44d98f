import { expect, test } from 'vitest';
import { readOcspConfig } from './ocsp.config.ts';

test('answers that are used shortly need no other setting', () => {
  expect(readOcspConfig({ GATEHOUSE_OCSP_MAX_SECONDS: '20' })).toMatchObject({
    GATEHOUSE_OCSP_MIN_SECONDS: 20,
    GATEHOUSE_OCSP_MAX_SECONDS: 20,
  });
  expect(readOcspConfig({})).toMatchObject({
    GATEHOUSE_OCSP_MIN_SECONDS: 300,
    GATEHOUSE_OCSP_MAX_SECONDS: 3_600,
  });
});

test('settings that contradict each other are refused', () => {
  const environment = { GATEHOUSE_OCSP_MIN_SECONDS: '30', GATEHOUSE_OCSP_MAX_SECONDS: '20' };
  expect(() => readOcspConfig(environment)).toThrow(/MIN_SECONDS is over GATEHOUSE_OCSP_MAX_SECONDS/);
});
