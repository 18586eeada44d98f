import { z } from 'zod';

/** What the value of a parameter may stand for; each is replaced by what the device sent in CONNECT. */
export const AUTHENTICATION_VARIABLES: readonly string[] = [
  '${username}',
  '${password}',
  '${clientId}',
  '${cert.cn}',
  '${cert.serial}',
  '${cert.issuer}',
  '${userProperties.<name>}',
];
const USER_PROPERTY = /^\$\{userProperties\.[^{}]+\}$/;
const VARIABLE = /\$\{[^}]*\}?/g;

/** The `${…}` of a text that are no variables, those that never end included. */
export function unknownVariables(text: string): string[] {
  return (text.match(VARIABLE) ?? []).filter(
    (variable) => !AUTHENTICATION_VARIABLES.slice(0, -1).includes(variable) && !USER_PROPERTY.test(variable),
  );
}

const MAX_PARAMETERS = 10;
const MAX_PARAMETER_CHARACTERS = 64;
const MAX_URL_CHARACTERS = 2_048;

const parameterText = z
  .string()
  .refine((text) => text.length > 0 && Array.from(text).length <= MAX_PARAMETER_CHARACTERS, {
    error: `must have 1 to ${MAX_PARAMETER_CHARACTERS} characters`,
  })
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), { error: 'may not hold control characters' })
  .meta({
    minLength: 1,
    maxLength: MAX_PARAMETER_CHARACTERS,
    description: `1 to ${MAX_PARAMETER_CHARACTERS} characters; a value may hold ${AUTHENTICATION_VARIABLES.join(', ')}`,
  });

const parameter = z.strictObject({
  key: parameterText,
  value: parameterText.superRefine((value, context) => {
    for (const variable of unknownVariables(value)) {
      context.addIssue(
        `holds ${variable}, which is no variable; there are ${AUTHENTICATION_VARIABLES.join(', ')}`,
      );
    }
  }),
});

const parameters = z
  .array(parameter)
  .max(MAX_PARAMETERS, `may hold at most ${MAX_PARAMETERS} parameters`)
  .superRefine(
    (list, context) => {
      const seen = new Set<unknown>();
      for (const [index, each] of list.entries()) {
        const key: unknown = each?.key;
        if (seen.has(key))
          context.addIssue({ code: 'custom', path: [index, 'key'], message: 'is there twice' });
        if (typeof key === 'string') seen.add(key);
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  );

/** Only TLS, and no credentials: whoever may read the gateway reads its URL. */
const httpsUrl = z
  .string()
  .max(MAX_URL_CHARACTERS, `must have at most ${MAX_URL_CHARACTERS} characters`)
  .regex(/^https:\/\//, 'must start with https://')
  .superRefine((text, context) => {
    if (!text.startsWith('https://')) return;
    const url = URL.parse(text);
    if (url === null) context.addIssue('must be a URL, such as https://auth.example.com/verify');
    else if (url.username !== '' || url.password !== '') {
      context.addIssue('may not hold a user name or password: whoever reads the gateway would read them');
    } else if (url.hash !== '') context.addIssue('may not hold a fragment (#…): it is never sent');
  });

/** What comes before and after it must fit into the time that a client waits. */
const MAX_TIMEOUT_MS = 8_000;
const timeoutMs = z.int().min(100).max(MAX_TIMEOUT_MS).describe('How long an answer is waited for');
const cacheSeconds = z.int().min(0).max(86_400);
const DEFAULT_TIMEOUT_MS = 5_000;
const caCertificate = z.string().max(65_536);

const functionName = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'must be 1 to 128 letters, digits or _ . -');
const accessKeyId = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'must be 1 to 128 letters, digits or _ . -');
const accessKeySecret = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 printable ASCII characters without spaces')
  .describe('Goes in and never comes out');
const roleArn = z
  .string()
  .regex(/^acs:ram::\d{1,32}:role\/[\w.-]{1,64}$/, 'must be a role, such as acs:ram::1234567890:role/name')
  .describe(
    'The role that the function is invoked in; taken on by AssumeRole of STS with accessKeyId and accessKeySecret',
  );
const stsEndpoint = httpsUrl.describe(
  'Where the role is taken on; left out: STS in the region of the endpoint, https://sts.<region>.aliyuncs.com',
);

const accessKey = {
  accessKeyId: accessKeyId.optional(),
  accessKeySecret: accessKeySecret.optional(),
};
const whenObject = { when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null };

interface Credentials {
  readonly provider?: string;
  readonly accessKeyId?: string | undefined;
  readonly accessKeySecret?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly stsEndpoint?: string | undefined;
}

/** A key comes with its secret; Function Compute needs one, in a role too. */
function checkCredentials(given: Credentials, context: z.core.$RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  const hasId = given.accessKeyId !== undefined;
  const hasSecret = given.accessKeySecret !== undefined;
  if (given.stsEndpoint !== undefined && given.roleArn === undefined) {
    refuse('stsEndpoint', 'makes no sense without roleArn: leave it out');
  }
  if (hasId && !hasSecret) refuse('accessKeySecret', 'is required with accessKeyId');
  else if (hasSecret && !hasId) refuse('accessKeyId', 'is required with accessKeySecret');
  else if (!hasId && given.roleArn !== undefined) {
    refuse(
      'roleArn',
      'must come with accessKeyId and accessKeySecret of a RAM user that may take it on (sts:AssumeRole): ' +
        'without a key only Alibaba Cloud itself can',
    );
  } else if (!hasId && given.provider === 'aliyun-fc') {
    refuse('accessKeyId', 'is required with accessKeySecret');
  }
}

const functionTarget = z.discriminatedUnion(
  'provider',
  [
    z
      .strictObject({
        provider: z.literal('aliyun-fc'),
        endpoint: httpsUrl,
        /** Of Function Compute 2.0; functions of 3.0 belong to none. */
        service: functionName.optional(),
        function: functionName,
        ...accessKey,
        roleArn: roleArn.optional(),
        stsEndpoint: stsEndpoint.optional(),
      })
      .superRefine(checkCredentials, whenObject),
    z
      .strictObject({
        provider: z.literal('http-function'),
        endpoint: httpsUrl,
        service: functionName.optional(),
        function: functionName.optional(),
        ...accessKey,
      })
      .superRefine(checkCredentials, whenObject),
  ],
  { error: 'must be aliyun-fc or http-function' },
);

/**
 * Who checks the credentials of devices. *One-way* means that the platform does, against those that were
 * imported; *third-party* that a function or an HTTPS service of the customer does.
 */
export const gatewayAuthenticationInput = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('one-way') }),
    z.discriminatedUnion(
      'method',
      [
        z.strictObject({
          type: z.literal('third-party'),
          method: z.literal('function'),
          function: functionTarget,
          /** PEM; trusted for the endpoint, beside the public authorities. */
          caCertificate: caCertificate.optional(),
          /** 5,000 when left out. */
          timeoutMs: timeoutMs.optional(),
          /** How long an answer is used again; 0 and left out: never. */
          cacheSeconds: cacheSeconds.optional(),
        }),
        z.strictObject({
          type: z.literal('third-party'),
          method: z.literal('https'),
          url: httpsUrl,
          parameters: parameters.default([]),
          caCertificate: caCertificate
            .optional()
            .describe('PEM; trusted for this URL, beside the public authorities'),
          timeoutMs: timeoutMs.default(DEFAULT_TIMEOUT_MS),
          cacheSeconds: cacheSeconds.default(0).describe('How long an answer is used again; 0: never'),
        }),
      ],
      { error: 'must be function or https' },
    ),
  ],
  { error: 'must be one-way or third-party' },
);
export type GatewayAuthenticationInput = z.infer<typeof gatewayAuthenticationInput>;

/**
 * A change of who is asked: what is left out stays, null removes what is optional. With another method or
 * provider nothing of the former target is kept that does not belong to it.
 */
export const gatewayAuthenticationPatch = z.strictObject({
  type: z.enum(['one-way', 'third-party']).optional(),
  method: z.enum(['function', 'https']).optional(),
  function: z
    .strictObject({
      provider: z.enum(['aliyun-fc', 'http-function']).optional(),
      endpoint: httpsUrl.optional(),
      service: functionName.nullish(),
      function: functionName.nullish(),
      accessKeyId: accessKeyId.nullish(),
      accessKeySecret: accessKeySecret.optional(),
      roleArn: roleArn.nullish(),
      stsEndpoint: stsEndpoint.nullish(),
    })
    .optional(),
  url: httpsUrl.optional(),
  parameters: parameters.optional(),
  caCertificate: caCertificate.nullish(),
  timeoutMs: timeoutMs.optional(),
  cacheSeconds: cacheSeconds.optional(),
});
export type GatewayAuthenticationPatch = z.infer<typeof gatewayAuthenticationPatch>;

/** As it is stored and shown: without the accessKeySecret, which goes in and never comes out. */
export const gatewayAuthentication = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('one-way') }),
  z.discriminatedUnion('method', [
    z.strictObject({
      type: z.literal('third-party'),
      method: z.literal('function'),
      function: z.strictObject({
        provider: z.enum(['aliyun-fc', 'http-function']),
        endpoint: z.string(),
        service: z.string().optional(),
        function: z.string().optional(),
        accessKeyId: z.string().optional(),
        /** Of aliyun-fc, with an access key; from before such roles were taken on also without, and elsewhere. */
        roleArn: z.string().optional(),
        stsEndpoint: z.string().optional(),
      }),
      caCertificate: z.string().optional(),
      timeoutMs: z.int().optional(),
      cacheSeconds: z.int().optional(),
    }),
    z.strictObject({
      type: z.literal('third-party'),
      method: z.literal('https'),
      url: z.string(),
      parameters: z.array(z.strictObject({ key: z.string(), value: z.string() })),
      caCertificate: z.string().optional(),
      timeoutMs: z.int(),
      cacheSeconds: z.int(),
    }),
  ]),
]);
export type GatewayAuthentication = z.infer<typeof gatewayAuthentication>;
