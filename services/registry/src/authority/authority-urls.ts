/** Where the certificates of authorities say that their status is told; `ocsp` serves it. */
export class AuthorityUrls {
  readonly #base: string;

  /** @param publicUrl of the responder, as whoever checks a certificate reaches it; without slash at its end */
  constructor(publicUrl: string) {
    this.#base = publicUrl.replace(/\/+$/, '');
  }

  ocspUrl(authorityId: string): string {
    return `${this.#base}/ocsp/${authorityId}`;
  }

  crlUrl(authorityId: string): string {
    return `${this.#base}/crl/${authorityId}`;
  }
}
