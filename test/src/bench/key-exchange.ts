/**
 * The key exchange that the clients of a bench offer. Node's own choice has ML-KEM in it, which Gatehouse takes
 * and a peer with OpenSSL 3.0 does not know: the two would not do the same work.
 */
export const KEY_EXCHANGE = 'X25519';
