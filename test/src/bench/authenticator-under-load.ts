import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createCertificateAuthority, type IssuedCertificate } from '@gatehouse/pki';
import type { AuthenticatorLoad, AuthenticatorRequest } from './authenticator-process.ts';

/** A customer's HTTPS authenticator that can be stopped, killed and started again at the same address. */
export class AuthenticatorUnderLoad implements AsyncDisposable {
  #child: ChildProcess | undefined;
  #port = 0;

  private constructor(
    readonly caCertificate: string,
    private readonly certificate: IssuedCertificate,
    private readonly answerMs: number,
  ) {}

  static async start(answerMs: number): Promise<AuthenticatorUnderLoad> {
    const authority = await createCertificateAuthority('Customer CA');
    const certificate = await authority.issueServerCertificate({
      commonName: 'authenticator',
      ipAddresses: ['127.0.0.1'],
    });
    const authenticator = new AuthenticatorUnderLoad(authority.certificatePem, certificate, answerMs);
    await authenticator.comeBack();
    return authenticator;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}/verify`;
  }

  /** What it has seen since it started last. */
  load(): Promise<AuthenticatorLoad> {
    return this.#ask({ type: 'load' });
  }

  /** It goes on accepting connections, as a machine that hangs does, and answers nothing. */
  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  async die(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** A new process where the former one was. */
  async comeBack(): Promise<void> {
    this.#child = fork(new URL('authenticator-process.js', import.meta.url));
    const { certificatePem, privateKeyPem } = this.certificate;
    const { port } = await this.#ask({
      type: 'start',
      options: {
        certificate: certificatePem,
        privateKey: privateKeyPem,
        port: this.#port,
        answerMs: this.answerMs,
      },
    });
    this.#port = port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.die();
  }

  async #ask(request: AuthenticatorRequest): Promise<AuthenticatorLoad> {
    if (this.#child === undefined) throw new Error('the authenticator is not running');
    const answered = once(this.#child, 'message') as Promise<[AuthenticatorLoad]>;
    this.#child.send(request);
    const [load] = await answered;
    return load;
  }
}
