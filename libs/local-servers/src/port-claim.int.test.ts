import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { claimPort } from './port-claim.ts';

const freePortModule = fileURLToPath(new URL('./free-port.ts', import.meta.url));

test.runIf(process.platform === 'linux')(
  'a port that another process was given is nobody else’s until that process ends',
  async () => {
    const program = `
      import { freePort } from ${JSON.stringify(freePortModule)};
      console.log(await freePort());
      setInterval(() => undefined, 60_000);
    `;
    const other = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: other.stdout }), 'line')) as [string];

    expect(await claimPort(Number(line))).toBe(false);

    other.kill('SIGKILL');
    await once(other, 'exit');
    await expect.poll(() => claimPort(Number(line))).toBe(true);
  },
);

test('a process is given another port at each call', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
});
