import { createHash } from 'node:crypto';
import Client from '@alicloud/fc2';
import type { OutboundResponse } from '@gatehouse/outbound';
import type { AccessKey } from './access-key.ts';
import type { SendSigned } from './send-signed.ts';

/**
 * The official client of Function Compute 2.0, with its one method that goes to the network replaced: paths,
 * headers and signature are its own, the connection is ours.
 */
export class FunctionCompute2 extends Client {
  constructor(
    url: URL,
    accessKey: AccessKey,
    private readonly send: SendSigned,
  ) {
    // Hosts are <account>.<region>.fc.aliyuncs.com; the client wants both parts even with an endpoint.
    const [account = '', region = ''] = url.hostname.split('.');
    super(account, {
      accessKeyID: accessKey.id,
      accessKeySecret: accessKey.secret,
      region: region === '' ? account : region,
      endpoint: url.origin,
      securityToken: accessKey.securityToken,
    });
  }

  invoke(service: string, name: string, event: string): Promise<OutboundResponse> {
    return this.invokeFunction(service, name, event) as Promise<OutboundResponse>;
  }

  override request(
    method: string,
    path: string,
    _query: unknown,
    event: string | Buffer | null,
  ): Promise<OutboundResponse> {
    const body = Buffer.from(event ?? '');
    const { host: _host, ...own } = this.buildHeaders();
    const md5 = createHash('md5').update(body).digest('hex');
    const headers: Record<string, string> = {
      ...own,
      'content-type': 'application/octet-stream',
      // Base64 of the hexadecimal text, as the client has it.
      'content-md5': Buffer.from(md5).toString('base64'),
    };
    const signedPath = `/${this.version}${path}`;
    const { accessKeyID, accessKeySecret } = this;
    const authorization = Client.getSignature(
      accessKeyID,
      accessKeySecret,
      method,
      signedPath,
      headers,
      null,
    );
    return this.send({ url: `${this.endpoint}${signedPath}`, headers: { ...headers, authorization }, body });
  }
}
