import { expect, test } from 'vitest';
import { RoleNotAssumed } from './assume-role.failures.ts';
import type { RoleSession } from './assume-role.ts';
import { RoleSessions } from './role-sessions.ts';

const HOUR_MS = 3_600_000;
const call = {
  sent: { method: 'POST', url: 'https://sts.example.com/', headers: {}, body: '' },
  received: { status: 200, contentType: null, body: '' },
};

/** A clock, and an STS that is asked once for each session and answers when it is told to. */
function roleAtSts() {
  const asked: PromiseWithResolvers<RoleSession>[] = [];
  const clock = { now: 0 };
  const sessions = new RoleSessions(
    () => {
      asked.push(Promise.withResolvers<RoleSession>());
      return asked.at(-1)?.promise ?? Promise.reject(new Error('nothing was asked'));
    },
    () => clock.now,
  );
  const session = (name: string): RoleSession => ({
    accessKey: { id: name, secret: name, securityToken: name },
    endsAt: clock.now + HOUR_MS,
    call,
  });
  const current = async (): Promise<string> => (await sessions.current(1_000)).accessKey.id;
  return { asked, clock, sessions, session, current };
}

test('all who need a role at once share one call, and later ones its session', async () => {
  const { asked, session, current } = roleAtSts();
  const three = [current(), current(), current()];
  expect(asked).toHaveLength(1);
  asked[0]?.resolve(session('first'));
  expect(await Promise.all(three)).toEqual(['first', 'first', 'first']);
  expect(await current()).toBe('first');
  expect(asked).toHaveLength(1);
});

test('a session is used until five minutes before its end', async () => {
  const { asked, clock, session, current } = roleAtSts();
  const first = current();
  asked[0]?.resolve(session('first'));
  await first;
  clock.now = HOUR_MS - 300_001;
  expect(await current()).toBe('first');
  clock.now += 1;
  const second = current();
  asked[1]?.resolve(session('second'));
  expect(await second).toBe('second');
});

test('a session that is dropped is asked for anew, but only by the first who drops it', async () => {
  const { asked, sessions, session, current } = roleAtSts();
  const first = session('first');
  const given = current();
  asked[0]?.resolve(first);
  await given;
  sessions.drop(first);
  const second = current();
  asked[1]?.resolve(session('second'));
  await second;
  sessions.drop(first);
  expect(await current()).toBe('second');
  expect(asked).toHaveLength(2);
});

test('a refusal is told to all for five seconds, then STS is asked again', async () => {
  const { asked, clock, session, current } = roleAtSts();
  const refused = current();
  asked[0]?.reject(new RoleNotAssumed('no such role', call));
  await expect(refused).rejects.toThrow('no such role');
  clock.now = 4_999;
  await expect(current()).rejects.toThrow('no such role');
  expect(asked).toHaveLength(1);
  clock.now = 5_000;
  const second = current();
  asked[1]?.resolve(session('second'));
  expect(await second).toBe('second');
});

test('that STS could not be reached is not remembered', async () => {
  const { asked, session, current } = roleAtSts();
  const lost = current();
  asked[0]?.reject(new Error('connection reset'));
  await expect(lost).rejects.toThrow('connection reset');
  const second = current();
  asked[1]?.resolve(session('second'));
  expect(await second).toBe('second');
});
