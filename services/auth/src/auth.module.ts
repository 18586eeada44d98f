import { HEALTH_PROBES, LOGGER, NATS, provide, provideMade, type ServiceProcess } from '@gatehouse/nest';
import { outboundPolicyOf } from '@gatehouse/outbound';
import { Module, type DynamicModule } from '@nestjs/common';
import { AdmitDeviceController } from './admission/admit-device.controller.ts';
import { AdmitDevice } from './admission/admit-device.ts';
import { authenticatorMaker } from './authenticators/authenticators.ts';
import { AUTH_CONFIG, type AuthConfig } from './auth.config.ts';
import { CredentialDirectory } from './credentials/credential-directory.ts';
import { OneWayCredentials } from './credentials/one-way-credentials.ts';
import { PasswordHasher } from './credentials/password-hasher.ts';
import { PasswordProof } from './credentials/password-proof.ts';
import { AuthMetrics } from './observability/auth-metrics.ts';
import { DeviceDirectory } from './registry/device-directory.ts';
import { GatewayDirectory } from './registry/gateway-directory.ts';
import { RegistryChanges } from './registry/registry-changes.ts';
import { RegistryClient } from './registry/registry-client.ts';
import { GuardedAuthenticators, MAKE_AUTHENTICATOR } from './third-party/guarded-authenticators.ts';
import { ThirdPartyCredentials } from './third-party/third-party-credentials.ts';
import { TestAuthenticationController } from './trial/test-authentication.controller.ts';
import { TestAuthentication } from './trial/test-authentication.ts';

@Module({})
class AuthModule {}

export function authModule(config: AuthConfig, process: ServiceProcess): DynamicModule {
  return {
    module: AuthModule,
    controllers: [AdmitDeviceController, TestAuthenticationController],
    providers: [
      ...process.providers,
      { provide: HEALTH_PROBES, useValue: [] },
      { provide: AUTH_CONFIG, useValue: config },
      provide(AuthMetrics, []),

      provide(RegistryClient, [NATS, AUTH_CONFIG]),
      provide(GatewayDirectory, [RegistryClient, AUTH_CONFIG, AuthMetrics, LOGGER]),
      provide(CredentialDirectory, [RegistryClient, AUTH_CONFIG, AuthMetrics, LOGGER]),
      provide(DeviceDirectory, [RegistryClient, AUTH_CONFIG, AuthMetrics, LOGGER]),
      provideMade(
        RegistryChanges,
        [NATS, GatewayDirectory, CredentialDirectory, DeviceDirectory],
        (nats, ...directories) => new RegistryChanges(nats, directories),
      ),

      provide(PasswordHasher, [AUTH_CONFIG, AuthMetrics]),
      provide(PasswordProof, []),
      provide(OneWayCredentials, [CredentialDirectory, PasswordHasher, PasswordProof, AuthMetrics]),

      provideMade(MAKE_AUTHENTICATOR, [AUTH_CONFIG], (settings) =>
        authenticatorMaker(outboundPolicyOf(settings), settings.AUTH_AUTHENTICATOR_CALLS_AT_ONCE),
      ),
      provide(GuardedAuthenticators, [MAKE_AUTHENTICATOR, AUTH_CONFIG, AuthMetrics, LOGGER]),
      provide(ThirdPartyCredentials, [GuardedAuthenticators, DeviceDirectory, AUTH_CONFIG, AuthMetrics]),

      provideMade(
        AdmitDevice,
        [GatewayDirectory, OneWayCredentials, ThirdPartyCredentials, AuthMetrics, LOGGER],
        (gateways, oneWay, thirdParty, metrics, logger) =>
          new AdmitDevice(gateways, { 'one-way': oneWay, 'third-party': thirdParty }, metrics, logger),
      ),
      provide(TestAuthentication, [GatewayDirectory, MAKE_AUTHENTICATOR]),
    ],
  };
}
