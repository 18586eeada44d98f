import {
  issuedCertificateView,
  type CertificateRequestInput,
  type IssuedCertificateView,
  type RevocationReason,
} from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import type { RecordedEvent } from '@gatehouse/event-store';
import { certificateIdentity } from '@gatehouse/pki';
import type { AuthoritySecrets } from '../authority/authority-secrets.ts';
import { signCertificate } from '../authority/authority-signing.ts';
import type { AuthorityUrls } from '../authority/authority-urls.ts';
import { AuthorityExpired } from '../authority/authority.failures.ts';
import { authorityKeys, requireAuthority } from '../authority/require-authority.ts';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import { issuedCertificateStream } from '../stream-names.ts';
import { acceptRequest } from './certificate-request-rules.ts';
import type { IssuedCertificateQueries } from './issued-certificate-views.queries.ts';
import { issuedCertificateDecider } from './issued-certificate.decider.ts';
import { issuedCertificateEvent, type IssuedCertificateEvent } from './issued-certificate.events.ts';

export interface IssuingParts {
  readonly transactions: CommandTransactions;
  readonly queries: IssuedCertificateQueries;
  readonly secrets: AuthoritySecrets;
  readonly urls: AuthorityUrls;
  readonly clock: () => Date;
}

/** Signs requests, and revokes what was signed. */
export class IssuedCertificateCommands {
  constructor(private readonly parts: IssuingParts) {}

  /** @throws {AuthorityNotFound | AuthorityExpired}, and what {@link acceptRequest} throws */
  async issue(
    authorityId: string,
    input: CertificateRequestInput,
    context: CommandContext,
  ): Promise<IssuedCertificateView> {
    const { transactions, queries, secrets, urls, clock } = this.parts;
    const { csr, usage, days } = input;
    const request = acceptRequest(csr, usage);
    const description = {
      name: 'IssueCertificate',
      input: { authorityId, input },
      answer: issuedCertificateView,
    };
    return transactions.run(description, context, async (attempt) => {
      await requireAuthority(attempt.db, authorityId);
      const authority = await authorityKeys(attempt.db, authorityId, secrets);
      const now = clock();
      const { validToDate } = authority.certificate;
      if (validToDate <= now) throw new AuthorityExpired(authorityId, validToDate);
      const [ocspUrl, crlUrl] = [urls.ocspUrl(authorityId), urls.crlUrl(authorityId)];
      const certificate = signCertificate(authority, { request, usage, days, now, ocspUrl, crlUrl });
      const { serialNumber } = certificateIdentity(certificate);
      const events = issuedCertificateDecider.decide(
        {
          type: 'IssueCertificate',
          certificate: {
            authorityId,
            serialNumber,
            commonName: request.commonName,
            usage,
            certificate: certificate.toString(),
            notBefore: certificate.validFromDate.toISOString(),
            notAfter: certificate.validToDate.toISOString(),
          },
        },
        issuedCertificateDecider.initialState,
      );
      const streamId = issuedCertificateStream(authorityId, serialNumber);
      await attempt.append({ streamId, expectedVersion: 0, events });
      return queries.get(authorityId, serialNumber, attempt.db);
    });
  }

  /** Revoking what is revoked changes nothing. @throws {AuthorityNotFound | IssuedCertificateNotFound} */
  async revoke(
    authorityId: string,
    serialNumber: string,
    { reason, context }: { readonly reason: RevocationReason; readonly context: CommandContext },
  ): Promise<IssuedCertificateView> {
    const { transactions, queries, clock } = this.parts;
    const streamId = issuedCertificateStream(authorityId, serialNumber);
    const input = { authorityId, serialNumber, reason };
    const description = { name: 'RevokeCertificate', input, answer: issuedCertificateView };
    return transactions.run(description, context, async (attempt) => {
      await requireAuthority(attempt.db, authorityId, true);
      const history = (await readStream(attempt.db, streamId)).map(eventOf);
      const events = issuedCertificateDecider.decide(
        { type: 'RevokeCertificate', ...input, revokedAt: clock().toISOString() },
        fold(issuedCertificateDecider, history),
      );
      await attempt.append({ streamId, expectedVersion: history.length, events });
      return queries.get(authorityId, serialNumber, attempt.db);
    });
  }
}

const eventOf = ({ type, data }: RecordedEvent): IssuedCertificateEvent =>
  issuedCertificateEvent.parse({ type, data });
