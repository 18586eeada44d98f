import { createCertificateAuthority, type IssuedCertificate } from '@gatehouse/pki';
import { ProgramProcess } from '../program-process.ts';
import type { AuthenticatorLoad, AuthenticatorProgram } from './authenticator-process.ts';

/** A customer's HTTPS authenticator that can be stopped, killed and started again at the same address. */
export class AuthenticatorUnderLoad implements AsyncDisposable {
  #process: ProgramProcess<AuthenticatorProgram> | undefined;
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
    if (this.#process === undefined) throw new Error('the authenticator is not running');
    return this.#process.ask('load');
  }

  /** It goes on accepting connections, as a machine that hangs does, and answers nothing. */
  hang(): void {
    this.#process?.signal('SIGSTOP');
  }

  async die(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = undefined;
  }

  /** A new process where the former one was. */
  async comeBack(): Promise<void> {
    this.#process = new ProgramProcess('bench/authenticator-process.js');
    const { certificatePem, privateKeyPem } = this.certificate;
    this.#port = await this.#process.ask('start', {
      certificate: certificatePem,
      privateKey: privateKeyPem,
      port: this.#port,
      answerMs: this.answerMs,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.die();
  }
}
