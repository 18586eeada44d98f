import type { AdmissionRequest } from '../admission/connection-admission.ts';
import { DeviceRefused } from '../admission/admission.failures.ts';
import type { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { CertificateVerdicts } from './certificate-verdicts.ts';
import { checksClients } from './revocation-mode.ts';

/** Of the time that a client may wait, for this question: auth must have its share. */
const SHARE = 0.5;

/** Asks whether the certificate of a client was revoked, before anybody is asked about its credentials. */
export class CertificateCheck {
  constructor(
    private readonly timeoutMs: number,
    private readonly settings: LiveGatewaySettings,
    private readonly verdicts: CertificateVerdicts,
  ) {}

  /** @throws {DeviceRefused} when it was, or when nobody knows and the gateway refuses such devices */
  async check({ gatewayId, clientChain: chain, steps, deadline }: AdmissionRequest): Promise<void> {
    const settings = this.settings.of(gatewayId);
    if (settings === undefined || chain === undefined || !checksClients(settings.ocsp)) return;
    const { scope, onUnknown } = settings.revocation;
    const question = { gatewayId, scope, chain };
    const isKnown = this.verdicts.known(question) !== undefined;
    const waitMs = Math.max(1, Math.min(this.timeoutMs, (deadline - performance.now()) * SHARE));
    const { status, detail } = await this.verdicts.of(question, waitMs);
    steps.step('certificate-status', status, isKnown ? `${detail}; asked before` : detail);
    if (status === 'revoked') throw new DeviceRefused('certificate-revoked');
    if (status === 'unknown' && onUnknown === 'refuse') throw new DeviceRefused('certificate-status-unknown');
  }
}
