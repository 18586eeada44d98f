import { expect, test } from 'vitest';
import { natsServerLines, postgresLines } from './server-lines.ts';

function said(read: typeof natsServerLines, ...lines: string[]): string[] {
  const heard: string[] = [];
  const take = read((level, message) => heard.push(`${level}: ${message}`));
  for (const line of lines) take(line);
  return heard;
}

test('of nats-server only warnings and errors are repeated', () => {
  const heard = said(
    natsServerLines,
    '[123] 2026/11/21 22:25:43.1 [INF] Server is ready',
    '[123] 2026/11/21 22:25:43.1 [WRN] Plaintext passwords detected, use nkeys or bcrypt',
    '[123] 2026/11/21 22:25:43.2 [ERR] 127.0.0.1:4 - cid:5 - Publish Violation - Subject "x"',
  );
  expect(heard).toEqual(['error: 127.0.0.1:4 - cid:5 - Publish Violation - Subject "x"']);
});

test('of PostgreSQL only warnings and errors are repeated', () => {
  const heard = said(
    postgresLines,
    '2026-11-21 22:25:43.100 GMT [1] LOG:  database system is ready to accept connections',
    '2026-11-21 22:25:43.200 GMT [9] ERROR:  relation "event" does not exist at character 15',
  );
  expect(heard).toEqual(['error: relation "event" does not exist at character 15']);
});
