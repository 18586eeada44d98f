const TOKENS: ReadonlySet<string> = new Set(['x-fc-security-token', 'x-acs-security-token']);

/** For people's eyes: the headers of a signed request without the signature, and without a temporary key's token. */
export function maskSignature(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (TOKENS.has(name)) return [name, '***'];
      return [name, name === 'authorization' ? withoutSignature(value) : value];
    }),
  );
}

/** `FC <id>:<signature>` of 2.0, `ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=…,Signature=<signature>` of 3.0. */
function withoutSignature(authorization: string): string {
  return authorization.replace(/(^FC [^:]*:|Signature=).*$/, '$1***');
}
