import { afterEach, expect, test, vi } from 'vitest';
import { NameLookUps } from './name-look-ups.ts';
import { failing } from './testing/failing.ts';

const ADDRESSES = [{ address: '192.0.2.1', family: 4 }];
const PLACES = 16;
const UNKNOWN_PLACES = 12;
const PLACES_OF_ASKER = 2;
/** No test waits so long. */
const PATIENT_MS = 3_600_000;

/** Names whose name servers do not answer begin with `dead`, those that do not exist with `no`. */
function nameServers() {
  const asked: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  return {
    asked,
    /** The look-up of a dead name comes to an end. */
    end: (hostname: string, error?: Error) => ends.get(hostname)?.(error),
    resolve: (hostname: string) => {
      asked.push(hostname);
      if (hostname.startsWith('no')) return Promise.reject(new Error('ENOTFOUND'));
      if (!hostname.startsWith('dead')) return Promise.resolve(ADDRESSES);
      return new Promise<typeof ADDRESSES>((resolve, reject) => {
        ends.set(hostname, (error) => (error === undefined ? resolve(ADDRESSES) : reject(error)));
      });
    },
  };
}

/** Dead names of so many askers, each of which takes all the places that it may have. */
function deadNames(names: NameLookUps, askers: number): Promise<unknown>[] {
  return Array.from({ length: askers * PLACES_OF_ASKER }, (_, index) =>
    names.find(`dead${index}.test`, `asker ${index % askers}`, PATIENT_MS),
  );
}

afterEach(() => {
  vi.useRealTimers();
});

test('a name that hangs is asked for once at a time, whoever asks', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  const found = ['a', 'a', 'b', 'c'].map((asker) => names.find('dead.test', asker, PATIENT_MS));
  expect(dns.asked).toEqual(['dead.test']);
  dns.end('dead.test');
  expect(await Promise.all(found)).toEqual([ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES]);
  void names.find('dead.test', 'a', PATIENT_MS);
  expect(dns.asked).toHaveLength(2);
});

test('names that have resolved are not held up by any number of dead ones of others', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  await names.find('good.test', 'healthy', PATIENT_MS);
  void deadNames(names, 50);
  expect(dns.asked).toHaveLength(1 + UNKNOWN_PLACES);
  expect(await names.find('good.test', 'healthy', 0)).toEqual(ADDRESSES);
});

test('neither are they by dead ones of the same asker', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  await names.find('good.test', 'asker 0', PATIENT_MS);
  void deadNames(names, 1);
  expect(await names.find('good.test', 'asker 0', 0)).toEqual(ADDRESSES);
});

test('names that one asker makes up leave places for new names of others', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  for (let index = 0; index < 50; index += 1) void names.find(`dead${index}.test`, 'one', PATIENT_MS);
  expect(dns.asked).toHaveLength(PLACES_OF_ASKER);
  expect(await names.find('new.test', 'another', 0)).toEqual(ADDRESSES);
});

test('one asker whose known names all die leaves places to those of others', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  for (const hostname of ['dead1.test', 'dead2.test', 'dead3.test']) {
    const found = names.find(hostname, 'one', PATIENT_MS);
    dns.end(hostname);
    await found;
  }
  dns.asked.length = 0;
  for (const hostname of ['dead1.test', 'dead2.test', 'dead3.test']) {
    void names.find(hostname, 'one', PATIENT_MS);
  }
  expect(dns.asked).toEqual(['dead1.test', 'dead2.test']);
});

test('a small pool has a place for known names beside one for others', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, 2);
  await names.find('good.test', 'healthy', PATIENT_MS);
  void deadNames(names, 5);
  expect(await names.find('good.test', 'healthy', 0)).toEqual(ADDRESSES);
  await expect(names.find('new.test', 'healthy', 0)).rejects.toEqual(failing('OUTBOUND_BUSY'));
});

test('a name is known for an hour after it has resolved', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  await names.find('good.test', 'healthy', 0);
  void deadNames(names, 50);

  vi.advanceTimersByTime(3_500_000);
  await names.find('good.test', 'healthy', 0);
  vi.advanceTimersByTime(3_500_000);
  await names.find('good.test', 'healthy', 0);
  vi.advanceTimersByTime(3_600_000);
  await expect(names.find('good.test', 'healthy', 0)).rejects.toEqual(failing('OUTBOUND_BUSY'));
});

test('a known name that does not resolve is no longer known', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  const first = names.find('dead.test', 'healthy', 0);
  dns.end('dead.test');
  await first;
  void deadNames(names, 50);
  const second = names.find('dead.test', 'healthy', 0);
  dns.end('dead.test', new Error('EAI_AGAIN'));
  await expect(second).rejects.toThrow('EAI_AGAIN');
  await expect(names.find('dead.test', 'healthy', 0)).rejects.toEqual(failing('OUTBOUND_BUSY'));
});

test('who waits for a place gets the next one, past those whose asker has all of its own', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  void deadNames(names, UNKNOWN_PLACES / PLACES_OF_ASKER);
  void names.find('dead.of.asker.1', 'asker 1', PATIENT_MS);
  const waiting = names.find('new.test', 'another', PATIENT_MS);
  expect(dns.asked).toHaveLength(UNKNOWN_PLACES);
  dns.end('dead0.test');
  expect(await waiting).toEqual(ADDRESSES);
  expect(dns.asked).not.toContain('dead.of.asker.1');
});

test('who waits for a name that another asker begins to look up gets its answer too', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  void deadNames(names, 1);
  const waiting = names.find('dead.shared', 'asker 0', PATIENT_MS);
  const begun = names.find('dead.shared', 'another', PATIENT_MS);
  dns.end('dead.shared');
  expect(await Promise.all([waiting, begun])).toEqual([ADDRESSES, ADDRESSES]);
  expect(dns.asked.filter((name) => name === 'dead.shared')).toHaveLength(1);
});

test('who waits too long, and who would be one too many to wait, are told so', async () => {
  const names = new NameLookUps(nameServers().resolve, PLACES);
  void deadNames(names, 1);
  const busy = failing('OUTBOUND_BUSY', 'new.test was not looked up: look-ups of other names take too long');
  await expect(names.find('new.test', 'asker 0', 1)).rejects.toEqual(busy);
  for (let index = 0; index < 100; index += 1) void names.find(`new${index}.test`, 'asker 0', PATIENT_MS);
  await expect(names.find('new.test', 'asker 0', PATIENT_MS)).rejects.toEqual(busy);
  expect(await names.find('new.test', 'another', PATIENT_MS)).toEqual(ADDRESSES);
});

test('names that do not exist give their places back', async () => {
  const dns = nameServers();
  const names = new NameLookUps(dns.resolve, PLACES);
  const found = Array.from({ length: 60 }, (_, index) => names.find(`no${index}.test`, 'one', PATIENT_MS));
  for (const end of await Promise.allSettled(found)) expect(end.status).toBe('rejected');
  expect(dns.asked).toHaveLength(60);
});
