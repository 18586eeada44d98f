import { EventUpcasters } from '@gatehouse/event-store';
import { authorityUpcasters } from '../authority/authority.upcasters.ts';
import { deviceUpcasters } from '../device/device.upcasters.ts';
import { gatewayUpcasters } from '../gateway/gateway.upcasters.ts';
import { issuedCertificateUpcasters } from '../issued-certificate/issued-certificate.upcasters.ts';
import { apiKeyUpcasters } from '../operator/api-key.upcasters.ts';
import { parsingScriptUpcasters } from '../parsing-script/parsing-script.upcasters.ts';
import { productUpcasters } from '../product/product.upcasters.ts';

/** From every shape that an event of the registry ever had to the newest; a type belongs to one aggregate. */
export const registryUpcasters = new EventUpcasters({
  ...gatewayUpcasters,
  ...productUpcasters,
  ...deviceUpcasters,
  ...parsingScriptUpcasters,
  ...authorityUpcasters,
  ...issuedCertificateUpcasters,
  ...apiKeyUpcasters,
});
