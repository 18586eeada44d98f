import type { RevocationReason } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { CertificateIssued, IssuedCertificateEvent } from './issued-certificate.events.ts';
import { IssuedCertificateNotFound } from './issued-certificate.failures.ts';

export type IssuedCertificateCommand =
  | { readonly type: 'IssueCertificate'; readonly certificate: CertificateIssued['data'] }
  | {
      readonly type: 'RevokeCertificate';
      readonly authorityId: string;
      readonly serialNumber: string;
      readonly reason: RevocationReason;
      readonly revokedAt: string;
    };

export interface IssuedCertificateState {
  readonly status: 'absent' | 'good' | 'revoked';
}

/** The life of a certificate; a revocation is never taken back (RFC 5280 §5.3.1 without certificateHold). */
export const issuedCertificateDecider: Decider<
  IssuedCertificateCommand,
  IssuedCertificateEvent,
  IssuedCertificateState
> = {
  initialState: { status: 'absent' },

  decide(command, state) {
    switch (command.type) {
      case 'IssueCertificate':
        return state.status === 'absent' ? [{ type: 'CertificateIssued', data: command.certificate }] : [];
      case 'RevokeCertificate': {
        const { authorityId, serialNumber, reason, revokedAt } = command;
        if (state.status === 'absent') throw new IssuedCertificateNotFound(authorityId, serialNumber);
        if (state.status === 'revoked') return [];
        return [{ type: 'CertificateRevoked', data: { authorityId, serialNumber, reason, revokedAt } }];
      }
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'CertificateIssued':
        return { status: 'good' };
      case 'CertificateRevoked':
        return { status: 'revoked' };
    }
  },
};
