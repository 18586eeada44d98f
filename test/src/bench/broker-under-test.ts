import type { LoadOptions } from './mqtt-load.ts';
import type { Measured } from './process-usage.ts';

/** What is measured: an address to connect to, clients it lets in, the processes that do its work. */
export interface BrokerUnderTest {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly clients: LoadOptions['clients'];
  readonly processes: () => Promise<readonly Measured[]>;
}
