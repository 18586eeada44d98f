import { RequestInvalid } from '@gatehouse/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';

const ENTITY_TAGS = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/;
const STRONG_VERSION = /(?<!W\/)"(\d{1,9})"/g;

/**
 * The versions that a change may start from, of the header If-Match (RFC 9110 §13.1.1): tags are versions in
 * quotation marks, weak ones match nothing.
 *
 * @returns undefined when any will do: there is no such header, or it is `*`
 * @throws {RequestInvalid}
 */
export function expectedVersions(request: Pick<FastifyRequest, 'headers'>): readonly number[] | undefined {
  const header = request.headers['if-match'];
  if (header === undefined || header.trim() === '*') return undefined;
  if (!ENTITY_TAGS.test(header)) {
    throw new RequestInvalid([
      { path: 'If-Match', message: 'must be the ETag of an earlier answer, such as "3"' },
    ]);
  }
  return [...header.matchAll(STRONG_VERSION)].map(([, version]) => Number(version));
}

/** How a description tells of the header. */
export const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'The ETag of an earlier answer: 412 when the gateway has changed since',
};

/** Says in the header ETag which version an answer shows. */
export function tagged<View extends { readonly version: number }>(reply: FastifyReply, view: View): View {
  void reply.header('ETag', `"${view.version}"`);
  return view;
}
