/** Approvers with keys of their own, as they are outside: node:crypto's, nothing of ours. */

import {
  createHash,
  generateKeyPairSync,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from "node:crypto"

import { readCanonical } from "../../src/codec/canonical-reader.ts"
import { canonical } from "../../src/codec/canonical.ts"
import type { MechanismId } from "../../src/domain/algorithms.ts"
import type { ApproverWord } from "../../src/domain/request.ts"
import type { RuleTemplate } from "../../src/service/quorum-commands.ts"

export interface TestApprover {
  readonly name: string
  readonly privateKey: KeyObject
  /** SPKI DER. */
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  readonly mechanism: MechanismId
  readonly sign: (statement: Uint8Array) => Uint8Array
}

/** How each type of key signs: OpenSSL's hash name, and what else `sign` needs. */
const signers = {
  ECDSA_SHA_256: ["sha256", {}],
  ECDSA_SHA_384: ["sha384", {}],
  RSA_PKCS1_SHA_256: ["sha256", {}],
  ED25519: [null, {}],
  ML_DSA: [null, {}],
} as const satisfies Partial<
  Record<MechanismId, readonly [string | null, Partial<SignKeyObjectInput>]>
>

/** Makes an approver with a P-256 key, or with another pair that signs by `mechanism`. */
export function newApprover(
  name: string,
  pair: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
  }),
  mechanism: keyof typeof signers = "ECDSA_SHA_256",
): TestApprover {
  const { privateKey } = pair
  const publicKey = new Uint8Array(pair.publicKey.export({ format: "der", type: "spki" }))
  const fingerprint = createHash("sha256").update(publicKey).digest("hex")
  const [hash, options] = signers[mechanism]
  return {
    name,
    privateKey,
    publicKey,
    fingerprint,
    mechanism,
    sign: (statement) => new Uint8Array(sign(hash, statement, { key: privateKey, ...options })),
  }
}

/** A rule of one token with one group. */
export function quorumOf(
  quorum: number,
  approvers: readonly TestApprover[],
  times: { readonly timelockMs?: number; readonly timeoutMs?: number } = {},
): RuleTemplate {
  const { timelockMs = 0, timeoutMs = 0 } = times
  const group = {
    name: "approvers",
    quorum,
    approvers: approvers.map(({ name, publicKey }) => ({
      kind: "public-key" as const,
      name,
      publicKey,
    })),
  }
  return { tokens: [{ name: "token", timelockMs, timeoutMs, groups: [group] }] }
}

/** docs/formats/request.md: another word's statement differs in its purpose alone. */
export function statementFor(word: ApproverWord, approval: Uint8Array): Uint8Array {
  const { clusterId, fields } = readCanonical(approval)
  return canonical(word, clusterId, ...fields)
}
