import type { AccessKey } from './access-key.ts';

/** How a function is called, whoever runs it. */
export interface FunctionCall {
  readonly endpoint: string;
  /** PEM; trusted beside the public authorities. */
  readonly caCertificate?: string | undefined;
  readonly accessKey?: AccessKey | undefined;
}
