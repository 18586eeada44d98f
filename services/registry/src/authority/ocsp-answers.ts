import { X509Certificate } from 'node:crypto';
import { BoundedMap } from '@gatehouse/bounded-map';
import type { answerOcspRequest, ReplyOf } from '@gatehouse/contracts';
import {
  certificateIdentity,
  isIssuedBy,
  OcspRequestMalformed,
  ocspRefusal,
  readOcspRequest,
  signOcspResponse,
  type OcspCertificateId,
  type OcspStatement,
  type ReceivedOcspRequest,
} from '@gatehouse/pki';
import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { AuthoritySecrets } from './authority-secrets.ts';

type Answer = ReplyOf<typeof answerOcspRequest>;
type CertificateStanding = Pick<OcspStatement, 'status' | 'revokedAt' | 'revocationReason'>;

export interface OcspAnswerSettings {
  /** From thisUpdate to nextUpdate. */
  readonly validitySeconds: number;
  readonly clock: () => Date;
}

interface SignedAnswer {
  readonly response: string;
  readonly nextUpdate: Date;
}

interface FoundAuthority {
  readonly certificate: X509Certificate;
  readonly sealed: { readonly keyId: string; readonly sealed: string };
  readonly standings: ReadonlyMap<string, CertificateStanding>;
}

const MAX_CACHED = 10_000;

/**
 * The OCSP responder of authorities of our own (RFC 6960 §2.2): each answers for what it issued itself. The status
 * is looked up each time; what was signed for the same status is given again for half of its life, unless there is
 * a nonce.
 */
export class OcspAnswers {
  readonly #signed = new BoundedMap<string, SignedAnswer>(MAX_CACHED);

  constructor(
    private readonly db: RegistryDb,
    private readonly secrets: AuthoritySecrets,
    private readonly settings: OcspAnswerSettings,
  ) {}

  /**
   * @param der of an OCSPRequest
   * @throws {SecretNotReadable}
   */
  async answer(authorityId: string, der: Uint8Array): Promise<Answer> {
    let request: ReceivedOcspRequest;
    try {
      request = readOcspRequest(der);
    } catch (error) {
      if (error instanceof OcspRequestMalformed) return refusal('malformedRequest');
      throw error;
    }
    const authority = await this.#find(authorityId, request.certificateIds);
    if (authority === null) return { outcome: 'unknown-authority' };
    const issuer = certificateIdentity(authority.certificate);
    // RFC 5019 §2.2.3: not for certificates of others.
    if (!request.certificateIds.every((id) => isIssuedBy(id, issuer))) return refusal('unauthorized');
    return this.#answered(authorityId, authority, request);
  }

  #answered(authorityId: string, authority: FoundAuthority, request: ReceivedOcspRequest): Answer {
    const now = this.settings.clock();
    const cacheKey = request.nonce === null ? cacheKeyOf(authorityId, authority, request) : null;
    const cached = cacheKey === null ? undefined : this.#signed.get(cacheKey);
    const halfLifeMs = this.settings.validitySeconds * 500;
    if (cached !== undefined && cached.nextUpdate.getTime() - now.getTime() > halfLifeMs) {
      return answered(cached, now);
    }
    const signed = this.#sign(authorityId, authority, request, now);
    if (cacheKey !== null) this.#signed.set(cacheKey, signed);
    return request.nonce === null ? answered(signed, now) : { ...answered(signed, now), maxAgeSeconds: 0 };
  }

  #sign(
    authorityId: string,
    { certificate, sealed, standings }: FoundAuthority,
    { certificateIds, nonce }: ReceivedOcspRequest,
    now: Date,
  ): SignedAnswer {
    const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
    const nextUpdate = new Date(thisUpdate.getTime() + this.settings.validitySeconds * 1_000);
    const statements = certificateIds.map((certificateId): OcspStatement => ({
      certificateId,
      thisUpdate,
      nextUpdate,
      ...(standings.get(certificateId.serialNumber) ?? { status: 'unknown' }),
    }));
    const responder = { certificate, key: this.secrets.open(authorityId, sealed) };
    const der = signOcspResponse(responder, {
      statements,
      producedAt: thisUpdate,
      ...(nonce === null ? {} : { nonce }),
    });
    return { response: Buffer.from(der).toString('base64'), nextUpdate };
  }

  async #find(authorityId: string, ids: readonly OcspCertificateId[]): Promise<FoundAuthority | null> {
    const serials = ids.map(({ serialNumber }) => serialNumber);
    const rows = await this.db
      .selectFrom('authority_view')
      .innerJoin('authority_secret', 'authority_secret.authority_id', 'authority_view.authority_id')
      .leftJoin('issued_certificate_view as issued', (join) =>
        join
          .onRef('issued.authority_id', '=', 'authority_view.authority_id')
          .on('issued.serial_number', '=', sql<string>`any(${serials}::text[])`),
      )
      .select([
        'authority_view.certificate',
        'key_id',
        'sealed_private_key',
        'serial_number',
        'revoked_at',
        'revocation_reason',
      ])
      .where('authority_view.authority_id', '=', authorityId)
      .execute();
    const [first] = rows;
    if (first === undefined) return null;
    const standings = new Map<string, CertificateStanding>();
    for (const { serial_number, revoked_at, revocation_reason } of rows) {
      if (serial_number === null) continue;
      standings.set(
        serial_number,
        revoked_at === null
          ? { status: 'good' }
          : { status: 'revoked', revokedAt: revoked_at, revocationReason: revocation_reason ?? undefined },
      );
    }
    return {
      certificate: new X509Certificate(first.certificate),
      sealed: { keyId: first.key_id, sealed: first.sealed_private_key },
      standings,
    };
  }
}

function cacheKeyOf(
  authorityId: string,
  { standings }: FoundAuthority,
  { certificateIds }: ReceivedOcspRequest,
): string {
  const parts = certificateIds.map(({ hash, serialNumber }) => {
    const { status, revokedAt } = standings.get(serialNumber) ?? { status: 'unknown' as const };
    return [hash, serialNumber, status, revokedAt?.getTime() ?? ''].join(' ');
  });
  return [authorityId, ...parts].join('\n');
}

function answered(
  { response, nextUpdate }: SignedAnswer,
  now: Date,
): Extract<Answer, { outcome: 'answered' }> {
  const leftMs = nextUpdate.getTime() - now.getTime();
  return { outcome: 'answered', response, maxAgeSeconds: Math.max(0, Math.floor(leftMs / 1_000)) };
}

function refusal(status: 'malformedRequest' | 'unauthorized'): Answer {
  const response = Buffer.from(ocspRefusal(status)).toString('base64');
  return { outcome: 'answered', response, maxAgeSeconds: 0 };
}
