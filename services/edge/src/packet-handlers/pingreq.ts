import { encodePingresp } from '@gatehouse/mqtt';
import type { Session } from '../session/session.ts';

export function handlePingreq(session: Session): void {
  session.connection.send(encodePingresp());
}
