import { createRequire } from 'node:module';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type Sdk from '@alicloud/fc20230330';
import { $OpenApiUtil } from '@alicloud/openapi-core';
import type { OutboundResponse } from '@gatehouse/outbound';
import type { AccessKey } from './access-key.ts';
import { signedAcs3 } from './acs3-request.ts';
import type { SendSigned } from './send-signed.ts';

/** CommonJS whose class is its `default`: loaders differ in what an import of that is. */
const sdk = createRequire(import.meta.url)('@alicloud/fc20230330') as typeof Sdk;

/**
 * The official client of Function Compute 3.0, with its one method that goes to the network replaced: path and
 * query are its own, headers and signature come from its signing library, the connection is ours.
 */
export class FunctionCompute3 extends sdk.default {
  constructor(
    private readonly url: URL,
    private readonly accessKey: AccessKey,
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
    const headers = { 'content-type': 'application/octet-stream', ...request.headers };
    const call = { action, version, method, pathname, query: request.query ?? {}, headers, body };
    const response = await this.send(signedAcs3(this.url, this.accessKey, call));
    return { statusCode: response.status, headers: response.headers, body: response.body };
  }
}
