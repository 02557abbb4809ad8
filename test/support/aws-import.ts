/** Material for keys of AWS's dialect, wrapped as its owner does it: by OpenSSL alone. */

import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from "node:crypto"

import { b64, bytesOf, type As, type AwsFace, type Body } from "./aws-face.ts"

export const wrappingAlgorithms = [
  "RSAES_OAEP_SHA_1",
  "RSAES_OAEP_SHA_256",
  "RSA_AES_KEY_WRAP_SHA_1",
  "RSA_AES_KEY_WRAP_SHA_256",
] as const
export type WrappingAlgorithm = (typeof wrappingAlgorithms)[number]

/** Material under the public key (SPKI DER) of a `GetParametersForImport`. */
export function wrapMaterial(
  spki: Uint8Array,
  material: Uint8Array,
  algorithm: WrappingAlgorithm,
): Uint8Array {
  const oaep = (bytes: Uint8Array): Buffer =>
    publicEncrypt(
      {
        key: createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: algorithm.endsWith("SHA_1") ? "sha1" : "sha256",
      },
      bytes,
    )
  if (algorithm.startsWith("RSAES")) return oaep(material)
  const kek = randomBytes(32)
  const iv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6) // RFC 5649 section 3.
  const cipher = createCipheriv("id-aes256-wrap-pad", kek, iv)
  return Buffer.concat([oaep(kek), cipher.update(material), cipher.final()])
}

export interface Wanted {
  readonly algorithm?: WrappingAlgorithm
  readonly spec?: "RSA_2048" | "RSA_3072" | "RSA_4096"
  readonly as?: As
}

/** What an import of material into a key sends; it never expires unless the test says so. */
export async function importInput(
  aws: Pick<AwsFace, "ok">,
  KeyId: string,
  material: Uint8Array,
  { algorithm = "RSAES_OAEP_SHA_256", spec = "RSA_2048", as = {} }: Wanted = {},
): Promise<Body & { readonly ImportToken: string; readonly EncryptedKeyMaterial: string }> {
  const asked = { KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: spec }
  const { ImportToken, PublicKey } = await aws.ok("GetParametersForImport", asked, as)
  const EncryptedKeyMaterial = b64(wrapMaterial(bytesOf(PublicKey), material, algorithm))
  const ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE"
  return { KeyId, ImportToken: String(ImportToken), EncryptedKeyMaterial, ExpirationModel }
}
