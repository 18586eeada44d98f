import { connectionAttemptPage, type ConnectionAttempt } from '@gatehouse/contracts';
import { eventually } from '@gatehouse/testing';
import type { RunningGatehouse } from './running-gatehouse.ts';

export type AttemptFilter = Readonly<Record<string, string>>;

/** As GET /connection-attempts lists them, newest first. */
export async function attemptsOf(
  gatehouse: RunningGatehouse,
  filter: AttemptFilter,
): Promise<ConnectionAttempt[]> {
  const { body } = await gatehouse.api(
    'GET',
    `/connection-attempts?${new URLSearchParams(filter).toString()}`,
  );
  return connectionAttemptPage.parse(body).items;
}

/** The one that `filter` finds, once it is there. */
export function attemptOf(gatehouse: RunningGatehouse, filter: AttemptFilter): Promise<ConnectionAttempt> {
  return eventually(async () => {
    const [attempt, ...more] = await attemptsOf(gatehouse, filter);
    if (attempt === undefined) throw new Error(`no attempt is recorded of ${JSON.stringify(filter)}`);
    if (more.length > 0) throw new Error(`${more.length + 1} are recorded of ${JSON.stringify(filter)}`);
    return attempt;
  });
}
