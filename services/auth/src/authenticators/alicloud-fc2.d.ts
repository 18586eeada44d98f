// oxlint-disable max-params -- the parameters are those of the package

/** @alicloud/fc2 comes without types: what is used of it, as its lib/client.js has it. */
declare module '@alicloud/fc2' {
  export default class Client {
    static getSignature(
      accessKeyId: string,
      accessKeySecret: string,
      method: string,
      path: string,
      headers: Readonly<Record<string, string | number>>,
      queries: Readonly<Record<string, string>> | null,
    ): string;

    readonly accessKeyID: string;
    readonly accessKeySecret: string;
    readonly endpoint: string;
    readonly version: string;

    constructor(
      accountId: string,
      config: {
        readonly accessKeyID: string;
        readonly accessKeySecret: string;
        readonly region: string;
        readonly endpoint: string;
        /** Of a temporary key, whose id begins with `STS`. */
        readonly securityToken: string | undefined;
      },
    );

    buildHeaders(): Record<string, string>;
    request(
      method: string,
      path: string,
      query: Readonly<Record<string, string>> | null,
      body: string | Buffer | null,
      headers?: Readonly<Record<string, string>>,
    ): Promise<unknown>;
    invokeFunction(serviceName: string, functionName: string, event: string | Buffer): Promise<unknown>;
  }
}
