import type { ServerResponse } from 'node:http';
import { checkAssumeRole, type AccessKey } from './function-signatures.ts';
import type { ReceivedRequest } from './https-server.ts';

const ERROR_STATUS: Readonly<Record<string, number>> = {
  'EntityNotExist.Role': 404,
  'InvalidAccessKeyId.NotFound': 404,
  NoPermission: 403,
  SignatureDoesNotMatch: 400,
};

/** `AssumeRole` of STS: gives temporary keys for the roles that it knows. */
export class FunctionRoles {
  /** Role that may be taken on. */
  readonly arn = 'acs:ram::1234567890:role/gatehouse';
  /** Instead of a session. */
  forced: { readonly code: string; readonly message: string } | 'silence' | undefined;
  sessionSeconds = 3_600;
  /** Function Compute takes none of the keys that are given. */
  areRefused = false;
  /** The keys that it gave, in their order. */
  readonly given: Required<AccessKey>[] = [];
  readonly #valid = new Map<string, Required<AccessKey>>();

  constructor(private readonly accessKey: AccessKey) {}

  /** All that was given is worth nothing from now on. */
  endSessions(): void {
    this.#valid.clear();
  }

  /** The temporary key that a request says it is signed with: `ended` when it is worth nothing. */
  keyOf({ headers }: ReceivedRequest): AccessKey | 'ended' | undefined {
    const id = /^(?:FC |.*Credential=)(STS\.[^:,]+)/.exec(headers.authorization ?? '')?.[1];
    if (id === undefined) return undefined;
    return (this.areRefused ? undefined : this.#valid.get(id)) ?? 'ended';
  }

  answer(request: ReceivedRequest, response: ServerResponse): void {
    if (this.forced === 'silence') return;
    const send = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const query = new URLSearchParams(request.path.slice(2));
    const refusal = this.forced ?? this.#refusalOf(request, query);
    if (refusal !== undefined) {
      const { code: Code, message: Message } = refusal;
      return send(ERROR_STATUS[Code] ?? 400, { RequestId: '1', HostId: 'sts', Code, Message });
    }
    const number = this.given.length + 1;
    const key = {
      id: `STS.NUg${number}`,
      secret: `secret-of-session-${number}`,
      securityToken: `CAIS+token/of/session/${number}==`,
    };
    this.given.push(key);
    this.#valid.set(key.id, key);
    const end = new Date(Date.now() + this.sessionSeconds * 1_000);
    send(200, {
      RequestId: '1',
      AssumedRoleUser: { Arn: `${this.arn}/${query.get('RoleSessionName')}`, AssumedRoleId: '3' },
      Credentials: {
        AccessKeyId: key.id,
        AccessKeySecret: key.secret,
        SecurityToken: key.securityToken,
        Expiration: end.toISOString().replace(/\.\d+Z$/, 'Z'),
      },
    });
  }

  #refusalOf(
    request: ReceivedRequest,
    query: URLSearchParams,
  ): { readonly code: string; readonly message: string } | undefined {
    const problem = checkAssumeRole(request, this.accessKey) as { Code: string; Message: string } | undefined;
    if (problem !== undefined) return { code: problem.Code, message: problem.Message };
    if (request.method !== 'POST') return { code: 'UnsupportedHTTPMethod', message: 'POST it' };
    if (!/^[\w.@-]{2,32}$/.test(query.get('RoleSessionName') ?? '')) {
      return { code: 'InvalidParameter.RoleSessionName', message: 'RoleSessionName is wrongly formed.' };
    }
    if (query.get('DurationSeconds') !== '3600') {
      return { code: 'InvalidParameter.DurationSeconds', message: 'the roles here are for an hour' };
    }
    return query.get('RoleArn') === this.arn
      ? undefined
      : { code: 'EntityNotExist.Role', message: 'The specified Role does not exist.' };
  }
}
