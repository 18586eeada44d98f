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

const read = (name: string, value: string) => () => readOcspConfig({ [name]: value });

test('a port belongs to what is called, not to who calls', () => {
  expect(read('GATEHOUSE_OUTBOUND_ALLOW', '10.0.0.7:8085')).not.toThrow();
  expect(read('OCSP_UNLIMITED_CLIENTS', '10.0.0.7')).not.toThrow();
  expect(read('OCSP_UNLIMITED_CLIENTS', '10.0.0.7:8085')).toThrow(/OCSP_UNLIMITED_CLIENTS.*port/);
  expect(read('GATEHOUSE_OUTBOUND_ALLOW', '10.0.0.7:0')).toThrow(/GATEHOUSE_OUTBOUND_ALLOW.*"10.0.0.7:0"/);
});
