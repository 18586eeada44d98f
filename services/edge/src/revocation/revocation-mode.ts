import type { GatewayListener } from '@gatehouse/contracts';

type OcspMode = GatewayListener['ocsp'];

export const checksClients = (mode: OcspMode): boolean => mode === 'client' || mode === 'client-and-server';
export const staplesServer = (mode: OcspMode): boolean => mode === 'server' || mode === 'client-and-server';
