import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DataDirectory } from '../data-directory.ts';
import { readSecret, writeSecret } from '../secret-file.ts';

/** `demo/device.json`: how a client connects as the demo device. */
const demoDevice = z.object({
  host: z.string(),
  port: z.int(),
  username: z.string(),
  password: z.string(),
  clientId: z.string(),
  productKey: z.string(),
  deviceName: z.string(),
  gatewayId: z.string(),
});
export type DemoDevice = z.infer<typeof demoDevice>;

const API_KEY_BYTES = 32;

/** `<data dir>/demo`: what a newcomer needs in order to connect, publish and read. */
export class DemoFiles {
  readonly caFile: string;
  readonly apiKeyFile: string;
  readonly #deviceFile: string;
  readonly #natsUrlFile: string;

  private constructor(directory: DataDirectory) {
    this.caFile = directory.at('demo', 'ca.pem');
    this.apiKeyFile = directory.at('demo', 'api-key');
    this.#deviceFile = directory.at('demo', 'device.json');
    this.#natsUrlFile = directory.at('demo', 'nats-url');
  }

  static async open(directory: DataDirectory): Promise<DemoFiles> {
    await mkdir(directory.at('demo'), { recursive: true, mode: 0o700 });
    return new DemoFiles(directory);
  }

  /** Made at the first start; the registry accepts it with full rights. */
  async apiKey(): Promise<string> {
    const kept = await readSecret(this.apiKeyFile);
    if (kept !== undefined) return kept;
    const key = `gh_${randomBytes(API_KEY_BYTES).toString('base64url')}`;
    await writeSecret(this.apiKeyFile, key);
    return key;
  }

  /** Undefined before the demo was set up, or when somebody changed the file into something else. */
  async device(): Promise<DemoDevice | undefined> {
    try {
      return demoDevice.parse(JSON.parse(await readFile(this.#deviceFile, 'utf8')));
    } catch {
      return undefined;
    }
  }

  writeDevice(device: DemoDevice): Promise<void> {
    return writeSecret(this.#deviceFile, JSON.stringify(device, null, 2));
  }

  async hasCa(): Promise<boolean> {
    return (await readSecret(this.caFile)) !== undefined;
  }

  writeCa(pem: string): Promise<void> {
    return writeFile(this.caFile, pem);
  }

  writeNatsUrl(url: string): Promise<void> {
    return writeSecret(this.#natsUrlFile, url);
  }
}
