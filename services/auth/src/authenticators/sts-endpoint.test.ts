import { expect, test } from 'vitest';
import { stsOf } from './sts-endpoint.ts';

test.each([
  ['https://1234567890.cn-shanghai.fc.aliyuncs.com', 'https://sts.cn-shanghai.aliyuncs.com'],
  ['https://1234567890.cn-shanghai-internal.fc.aliyuncs.com/', 'https://sts.cn-shanghai.aliyuncs.com'],
  ['https://1234567890.ap-southeast-1.fc.aliyuncs.com', 'https://sts.ap-southeast-1.aliyuncs.com'],
  ['https://fcv3.cn-beijing.aliyuncs.com', 'https://sts.cn-beijing.aliyuncs.com'],
  ['https://fcv3.cn-beijing-internal.aliyuncs.com', 'https://sts.cn-beijing.aliyuncs.com'],
])('a role for %s is taken on at %s', (endpoint, sts) => {
  expect(stsOf(endpoint)).toBe(sts);
});

test.each([
  'https://functions.example.com',
  'https://127.0.0.1:8443',
  'https://1234567890.cn-shanghai.fc.aliyuncs.com.example.com',
])('the region of %s is not known, and the central STS is asked', (endpoint) => {
  expect(stsOf(endpoint)).toBe('https://sts.aliyuncs.com');
});
