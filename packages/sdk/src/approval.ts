/** What an approver does with a statement: sign it, with a key that never leaves his machine. */

import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto"
import type { ApproverWord, Mechanism, WordRequest } from "./api.generated.ts"
import { encodeBase64 } from "./base64.ts"
import { KeyholdError } from "./errors.ts"

const label = (word: ApproverWord | "call") => Buffer.from(`keyhold/${word}/v1\0`)

/**
 * The statement of another word: it differs from that of the approval in its label alone. Of a call
 * that brings its approvals, there is the approval alone: nobody asks for a no.
 *
 * @throws {@link KeyholdError} CONFIGURATION for what is no statement of an approval.
 */
export function statementFor(word: ApproverWord, statement: Uint8Array): Uint8Array {
  if (word === "approval" && beginsWith(statement, label("call"))) return statement
  const approval = label("approval")
  if (!beginsWith(statement, approval)) {
    throw new KeyholdError("CONFIGURATION", "this is no statement of a request")
  }
  return Buffer.concat([label(word), statement.subarray(approval.length)])
}

/**
 * Signs an approver's word.
 *
 * @param statement - of the request, after its signer has read it.
 * @param key - PEM (PKCS#8 or SEC 1) of an EC, RSA, Ed25519 or ML-DSA private key, with its
 * passphrase where it has one.
 * @throws {@link KeyholdError} CONFIGURATION for a key that approvers do not use, or that does not
 * open.
 */
export function wordOn(
  word: ApproverWord,
  statement: Uint8Array,
  key: { readonly pem: string; readonly passphrase?: Uint8Array | undefined },
): WordRequest {
  const privateKey = openKey(key)
  const [mechanism, hash] = schemeOf(privateKey)
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" })
  const signature = sign(hash, statementFor(word, statement), privateKey)
  return {
    word,
    publicKey: encodeBase64(publicKey),
    mechanism,
    signature: encodeBase64(signature),
  }
}

function beginsWith(statement: Uint8Array, start: Buffer): boolean {
  return start.equals(statement.subarray(0, start.length))
}

function openKey({
  pem,
  passphrase,
}: {
  readonly pem: string
  readonly passphrase?: Uint8Array | undefined
}): KeyObject {
  try {
    return createPrivateKey({
      key: pem,
      format: "pem",
      ...(passphrase === undefined ? {} : { passphrase: Buffer.from(passphrase) }),
    })
  } catch {
    const why = passphrase === undefined ? "" : ", or the passphrase is another"
    throw new KeyholdError("CONFIGURATION", `the file holds no private key in PEM${why}`)
  }
}

/** By the key's type: the hash of the curve's strength, PKCS#1 for RSA. */
function schemeOf(key: KeyObject): readonly [Mechanism, string | null] {
  const type = key.asymmetricKeyType ?? ""
  const curve = key.asymmetricKeyDetails?.namedCurve ?? ""
  if (type === "rsa") return ["RSA_PKCS1_SHA_256", "sha256"]
  if (type === "ed25519") return ["ED25519", null]
  if (type.startsWith("ml-dsa-")) return ["ML_DSA", null]
  if (type === "ec" && /384|320/.test(curve)) return ["ECDSA_SHA_384", "sha384"]
  if (type === "ec" && /512|521/.test(curve)) return ["ECDSA_SHA_512", "sha512"]
  if (type === "ec") return ["ECDSA_SHA_256", "sha256"]
  throw new KeyholdError("CONFIGURATION", `approvers do not sign with keys of type ${type}`)
}
