import { certificateStaple, certificateStatus } from '@gatehouse/contracts';
import { callService, connectNats } from '@gatehouse/nats';
import { startService } from '@gatehouse/nest';
import { createLogger } from '@gatehouse/observability';
import { TestAuthority } from '@gatehouse/pki';
import { startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { readOcspConfig } from './ocsp.config.ts';
import { ocspModule } from './ocsp.module.ts';
import { startOpensslResponder } from './testing/openssl-responder.ts';

test('the service asks openssl ocsp, and answers edges over NATS', async () => {
  await using server = await startTestNats();
  const root = TestAuthority.createRoot({ commonName: 'Device root' });
  await using responder = await startOpensslResponder(root);
  const ocspUrl = responder.url;
  const known = root.issueClient({ ocspUrl });
  const revoked = root.issueClient({ ocspUrl });
  const stranger = root.issueClient({ ocspUrl });
  const leaf = root.issueServer({ ocspUrl });
  await responder.serve([
    [known, 'valid'],
    [revoked, 'revoked'],
    [leaf, 'valid'],
  ]);
  const environment = { NATS_URL: server.url, GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' };
  const definition = { name: 'ocsp', readConfig: () => readOcspConfig(environment), module: ocspModule };
  const service = await startService(definition, createLogger('ocsp', 'silent'));
  const edge = await connectNats(server.url, 'edge');
  try {
    const statusOf = ({ certificatePem }: { certificatePem: string }) =>
      callService(edge, certificateStatus, {
        gatewayId: 'gw-1',
        chain: [certificatePem, root.certificatePem],
        scope: 'leaf',
      });
    expect(await statusOf(known)).toMatchObject({ status: 'good', source: 'ocsp' });
    expect(await statusOf(revoked)).toMatchObject({
      status: 'revoked',
      revokedAt: '2026-11-01T10:00:00.000Z',
      reason: 'keyCompromise',
    });
    expect(await statusOf(stranger)).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/does not know the certificate/),
    });
    const staple = await callService(edge, certificateStaple, {
      gatewayId: 'gw-1',
      chain: [leaf.certificatePem],
      trustedCertificate: root.certificatePem,
      responderUrl: null,
    });
    expect(staple).toMatchObject({ outcome: 'staple', status: 'good' });
    await expect(statusOf({ certificatePem: 'none' })).rejects.toMatchObject({
      code: 'OCSP_CHAIN_UNREADABLE',
    });
  } finally {
    await edge.close();
    await service.stop();
  }
});
