/** Streams of the log are named `<aggregate>/<id>/<id>…`; no id holds a slash. */

export const gatewayStream = (gatewayId: string): string => `gateway/${gatewayId}`;
export const productStream = (productKey: string): string => `product/${productKey}`;
export const deviceStream = (productKey: string, deviceName: string): string =>
  `device/${productKey}/${deviceName}`;
export const parsingScriptStream = (productKey: string): string => `parsing-script/${productKey}`;
export const authorityStream = (authorityId: string): string => `authority/${authorityId}`;
export const issuedCertificateStream = (authorityId: string, serialNumber: string): string =>
  `issued-certificate/${authorityId}/${serialNumber}`;
export const operatorStream = (apiKeyId: string): string => `operator/${apiKeyId}`;

export interface StreamName {
  readonly aggregate: string;
  readonly ids: readonly string[];
}

/** `device/a1x/pump-7` is of the aggregate `device` with the ids `a1x` and `pump-7`. */
export function streamNameOf(streamId: string): StreamName {
  const [aggregate = '', ...ids] = streamId.split('/');
  return { aggregate, ids };
}
