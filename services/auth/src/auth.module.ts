import { HEALTH_PROBES, LOGGER, NATS, provide, type ServiceProcess } from '@gatehouse/nest';
import { Module, type DynamicModule } from '@nestjs/common';
import { AdmitDeviceController } from './admission/admit-device.controller.ts';
import { AdmitDevice } from './admission/admit-device.ts';
import { AUTH_CONFIG, type AuthConfig } from './auth.config.ts';
import { CredentialChanges } from './credentials/credential-changes.ts';
import { CredentialDirectory } from './credentials/credential-directory.ts';
import { CredentialVerifier } from './credentials/credential-verifier.ts';
import { OneWayCredentials } from './credentials/one-way-credentials.ts';
import { PasswordHasher } from './credentials/password-hasher.ts';
import { PasswordProof } from './credentials/password-proof.ts';
import { AuthMetrics } from './observability/auth-metrics.ts';

@Module({})
class AuthModule {}

export function authModule(config: AuthConfig, process: ServiceProcess): DynamicModule {
  return {
    module: AuthModule,
    controllers: [AdmitDeviceController],
    providers: [
      ...process.providers,
      { provide: HEALTH_PROBES, useValue: [] },
      { provide: AUTH_CONFIG, useValue: config },
      provide(AuthMetrics, []),
      provide(CredentialDirectory, [NATS, AUTH_CONFIG, AuthMetrics, LOGGER]),
      provide(CredentialChanges, [NATS, CredentialDirectory]),
      provide(PasswordHasher, [AUTH_CONFIG, AuthMetrics]),
      provide(PasswordProof, []),
      provide(
        OneWayCredentials,
        [CredentialDirectory, PasswordHasher, PasswordProof, AuthMetrics],
        CredentialVerifier,
      ),
      provide(AdmitDevice, [CredentialVerifier, AuthMetrics, LOGGER]),
    ],
  };
}
