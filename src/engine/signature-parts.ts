/** What comes before the signature proper, the same for every provider. */

import { hashes, type HashId, type PreHashId } from "../domain/hashes.ts"
import { join } from "./node/key.ts"

/** The last part of NIST's object identifiers, 2.16.840.1.101.3.4.2: RFC 8017 B.1, RFC 8702. */
const nistHash: Readonly<Partial<Record<HashId, number>>> = {
  SHA_256: 1,
  SHA_384: 2,
  SHA_512: 3,
  SHA_224: 4,
  SHA_512_224: 5,
  SHA_512_256: 6,
  SHA3_224: 7,
  SHA3_256: 8,
  SHA3_384: 9,
  SHA3_512: 10,
  SHAKE_128: 11,
  SHAKE_256: 12,
}

/** The DER of a hash's object identifier. */
function oidOf(id: HashId): Uint8Array {
  if (id === "SHA_1") return Uint8Array.fromHex("06052b0e03021a")
  if (id === "RIPEMD_160") return Uint8Array.fromHex("06052b24030201")
  return Uint8Array.of(6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, nistHash[id] ?? 0)
}

/** DigestInfo (RFC 8017 section 9.2, note 1). */
export function digestInfo(id: HashId, digest: Uint8Array): Uint8Array {
  const oid = oidOf(id)
  const head = [0x30, oid.length + digest.length + 6, 0x30, oid.length + 2]
  return Uint8Array.of(...head, ...oid, 5, 0, 4, digest.length, ...digest)
}

/** M' of a message that was hashed before: FIPS 204 algorithm 4, FIPS 205 algorithm 23. */
export function preHashed(id: PreHashId, digest: Uint8Array, context: Uint8Array): Uint8Array {
  return Uint8Array.of(1, context.length, ...context, ...oidOf(id), ...digest)
}

/** M' of a message as it is: FIPS 204 algorithm 2, FIPS 205 algorithm 22. */
export function pure(message: Uint8Array, context: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0, context.length, ...context), message)
}

/** How long a salt is unless told otherwise: RFC 8017 section 9.1, note 4. */
export function saltLengthOf(id: HashId, { saltLength }: { saltLength?: number | undefined }) {
  return saltLength ?? hashes[id].bytes
}
