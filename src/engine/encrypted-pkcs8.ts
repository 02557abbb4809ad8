/** PKCS#8 under a passphrase: PBES2 with PBKDF2 and AES-CBC (RFC 8018 sections 6.2 and A.4). */

import { createDecipheriv, pbkdf2 } from "node:crypto"
import { promisify } from "node:util"
import { derTags, readDer, type DerElement } from "../codec/der.ts"
import {
  byObjectId,
  encodedId,
  iterationCount,
  materialField,
  objectId,
  octets,
  sequence,
} from "./key-file.ts"
import { malformed } from "./malformed.ts"
import { join } from "./node/key.ts"
import { SecretBytes } from "./secret-bytes.ts"

const derive = promisify(pbkdf2)

/** By object identifier, RFC 8018 appendix B.1.2 and NIST's register. */
const prfs: Readonly<Record<string, string>> = byObjectId({
  "1.2.840.113549.2.7": "sha1",
  "1.2.840.113549.2.8": "sha224",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
})
const ciphers: Readonly<Record<string, number>> = byObjectId({
  "2.16.840.1.101.3.4.1.2": 128,
  "2.16.840.1.101.3.4.1.22": 192,
  "2.16.840.1.101.3.4.1.42": 256,
})
const pbes2 = encodedId("1.2.840.113549.1.5.13")
const pbkdf2Id = encodedId("1.2.840.113549.1.5.12")

/**
 * The PKCS#8 inside. Off the event loop, as long as the file's iterations say.
 *
 * @throws anything at all for what is none, or under another passphrase: HsmError
 * MALFORMED_REQUEST for algorithms that are not here and for too many iterations.
 */
export async function decryptPkcs8(bytes: Uint8Array, passphrase: string): Promise<SecretBytes> {
  const [outer, ...more] = readDer(bytes, materialField)
  const [algorithm, data] = sequence(outer)
  const [scheme, parameters] = sequence(algorithm)
  if (more.length > 0 || objectId(scheme) !== pbes2) throw refused()
  const [kdf, encryption] = sequence(parameters)
  const { salt, iterations, prf } = readKdf(kdf)
  const [cipherId, iv] = sequence(encryption)
  const bits = ciphers[objectId(cipherId)]
  if (bits === undefined) throw refused()
  using key = new SecretBytes(await derive(passphrase, salt, iterations, bits / 8, prf))
  const vector = octets(iv)
  return key.lend((secret) => {
    const decryption = createDecipheriv(`aes-${bits}-cbc`, secret, vector)
    const first = decryption.update(octets(data))
    const opened = new SecretBytes(join(first, decryption.final()))
    first.fill(0)
    return opened
  })
}

function readKdf(kdf: DerElement | undefined) {
  const [id, parameters] = sequence(kdf)
  if (objectId(id) !== pbkdf2Id) throw refused()
  const [salt, count, ...rest] = sequence(parameters)
  const iterations = iterationCount(count)
  const chosen = rest.find(({ tag }) => tag === derTags.sequence)
  const prf = chosen === undefined ? "sha1" : prfs[objectId(sequence(chosen)[0])]
  if (iterations === undefined || prf === undefined) throw refused()
  return { salt: octets(salt), iterations, prf }
}

function refused() {
  return malformed(materialField, "is no PBES2 with PBKDF2 and AES-CBC, or has too many iterations")
}
