import { AuthoritiesController } from './authority/authorities.controller.ts';
import { BansController } from './ban/bans.controller.ts';
import { ConnectionAttemptsController } from './connection-attempt/connection-attempts.controller.ts';
import { DeviceImportsController } from './device/device-imports.controller.ts';
import { DevicesController } from './device/devices.controller.ts';
import { EventsController } from './event-log/events.controller.ts';
import { AuthenticationTestController } from './gateway/authentication-test.controller.ts';
import { CertificatesController } from './gateway/certificates.controller.ts';
import { DeviceRootsController } from './gateway/device-roots.controller.ts';
import { GatewaysController } from './gateway/gateways.controller.ts';
import { PermissionsController } from './gateway/permissions.controller.ts';
import { DownlinkController } from './live-session/downlink.controller.ts';
import { MessageStreamController } from './message-stream/message-stream.controller.ts';
import { ApiKeysController } from './operator/api-keys.controller.ts';
import { ParsingFailuresController } from './parsing-failure/parsing-failures.controller.ts';
import { ParsingScriptsController } from './parsing-script/parsing-scripts.controller.ts';
import { ParsingTrialsController } from './parsing-script/parsing-trials.controller.ts';
import { ProductsController } from './product/products.controller.ts';

/** The HTTP API, in the order in which its description shows it. */
export const registryControllers = [
  GatewaysController,
  CertificatesController,
  DeviceRootsController,
  PermissionsController,
  AuthenticationTestController,
  AuthoritiesController,
  ProductsController,
  DevicesController,
  DeviceImportsController,
  DownlinkController,
  MessageStreamController,
  ParsingScriptsController,
  ParsingTrialsController,
  ParsingFailuresController,
  ConnectionAttemptsController,
  BansController,
  EventsController,
  ApiKeysController,
];
