import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type Sdk from '@alicloud/fc20230330';
import { $OpenApiUtil, OpenApiUtil } from '@alicloud/openapi-core';
import type { OutboundResponse } from '@gatehouse/outbound';
import type { SendSigned } from './send-signed.ts';

/** CommonJS whose class is its `default`: loaders differ in what an import of that is. */
const sdk = createRequire(import.meta.url)('@alicloud/fc20230330') as typeof Sdk;

const SIGNATURE_ALGORITHM = 'ACS3-HMAC-SHA256';

/**
 * The official client of Function Compute 3.0, with its one method that goes to the network replaced: path and
 * query are its own, headers and signature come from its signing library, the connection is ours.
 */
export class FunctionCompute3 extends sdk.default {
  constructor(
    private readonly url: URL,
    private readonly accessKey: { readonly id: string; readonly secret: string },
    private readonly send: SendSigned,
  ) {
    super(
      new $OpenApiUtil.Config({
        accessKeyId: accessKey.id,
        accessKeySecret: accessKey.secret,
        endpoint: url.host,
      }),
    );
  }

  async invoke(name: string, event: string): Promise<OutboundResponse> {
    const body = Readable.from([Buffer.from(event)]);
    const response = await this.invokeFunction(name, new sdk.InvokeFunctionRequest({ body }));
    return {
      status: response.statusCode ?? 0,
      headers: response.headers ?? {},
      body: response.body === undefined ? Buffer.alloc(0) : await buffer(response.body),
    };
  }

  override async doRequest(
    { action, version, method, pathname }: $OpenApiUtil.Params,
    request: $OpenApiUtil.OpenApiRequest,
  ): Promise<Record<string, unknown>> {
    const body = request.stream === undefined ? Buffer.alloc(0) : await buffer(request.stream);
    const digest = OpenApiUtil.hash(body, SIGNATURE_ALGORITHM).toString('hex');
    const query = request.query ?? {};
    const headers: Record<string, string> = {
      // Signed; undici sends the same.
      host: this.url.host,
      'x-acs-version': version,
      'x-acs-action': action,
      'x-acs-date': OpenApiUtil.getTimestamp(),
      'x-acs-signature-nonce': OpenApiUtil.getNonce(),
      'x-acs-content-sha256': digest,
      'user-agent': OpenApiUtil.getUserAgent('gatehouse'),
      accept: 'application/json',
      'content-type': 'application/octet-stream',
      ...request.headers,
    };
    const authorization = OpenApiUtil.getAuthorization(
      { protocol: 'https', port: 0, method, pathname, query, headers, body: Readable.from([]) },
      SIGNATURE_ALGORITHM,
      digest,
      this.accessKey.id,
      this.accessKey.secret,
    );
    const { host: _host, ...sent } = headers;
    const search = new URLSearchParams(query).toString();
    const response = await this.send({
      url: `${this.url.origin}${pathname}${search === '' ? '' : `?${search}`}`,
      headers: { ...sent, authorization },
      body,
    });
    return { statusCode: response.status, headers: response.headers, body: response.body };
  }
}
