import { startHttpsServer, type HttpsServer, type Responder } from '@gatehouse/testing';

export const RIGHT_PASSWORD = 'right-password';

export interface CustomerAuthenticator extends HttpsServer {
  /** By user name, what is answered instead. */
  readonly answers: Map<string, Responder>;
  /** What a gateway's `authentication` is that asks it. */
  target(settings?: object): object;
}

export const jsonAnswer =
  (status: number, body: unknown): Responder =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** An HTTPS service that says yes to one password, as the device of the user name. */
export async function startCustomerAuthenticator(): Promise<CustomerAuthenticator> {
  const answers = new Map<string, Responder>();
  const server = await startHttpsServer((request, response) => {
    const { username, password } = JSON.parse(request.body) as Record<string, string>;
    const usual =
      password === RIGHT_PASSWORD
        ? jsonAnswer(200, { deviceName: username })
        : jsonAnswer(401, { message: 'we do not know this password' });
    (answers.get(username ?? '') ?? usual)(request, response);
  });
  const { origin, caCertificate } = server;
  return {
    ...server,
    answers,
    target: (settings = {}) => ({
      type: 'third-party',
      method: 'https',
      url: `${origin}/verify`,
      caCertificate,
      ...settings,
    }),
  };
}
