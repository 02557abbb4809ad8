/** Keys: make, show, list, import, export, change, delete. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { keyAlgorithm, keyUsages, type KeyUsage } from "../../../domain/algorithms.ts"
import { HsmError } from "../../../domain/errors.ts"
import type { KeyRecord } from "../../../domain/key.ts"
import { limits } from "../../../domain/limits.ts"
import type { ImportKeyCommand, KeyTemplate } from "../../../service/commands.ts"
import { createKey, importKey } from "../../../service/create-key.ts"
import { deleteKey } from "../../../service/delete-key.ts"
import { deriveAddress } from "../../../service/derived.ts"
import { exportKey } from "../../../service/export-key.ts"
import { integrityPublicKey } from "../../../service/integrity.ts"
import { describeKey, listKeys, publicKey } from "../../../service/read-key.ts"
import { integrityKeyName, renderKey } from "../attributes.ts"
import { Fault, invalid } from "../fault.ts"
import { isSeed, pathOn, readLabel, wholeKey } from "../labels.ts"
import { bare, creating, operation, type Call, type Operation } from "../operation.ts"
import { policy, rulesOf, type Policy } from "../policy.ts"
import { bytes, count, flag, need, object, password, text } from "../../shapes.ts"
import { algorithmOf } from "../vocabulary.ts"

export const attributes = object({
  encrypt: flag,
  decrypt: flag,
  verify: flag,
  sign: flag,
  wrap: flag,
  unwrap: flag,
  derive: flag,
  bip32: flag,
  slip10: flag,
  extractable: flag,
  modifiable: flag,
  destroyable: flag,
  sensitive: flag,
  copyable: flag,
})
export type Attributes = ReturnType<typeof attributes.read>

const described = { label: need(text), password }
const made = {
  ...described,
  algorithm: need(text),
  curveOid: text,
  keySize: count,
  attributes,
  policy,
}

/** Who makes keys by hundreds of thousands lists them in another dialect. */
const listedMax = 100_000

export const keyRoutes = {
  "POST /key": creating(
    operation({ ...made, attributes: need(attributes) }, async (call, input) => {
      const template = await templateOf(call, input)
      const key = await createKey(call.ports, call.context, template)
      return await renderKey(call, key)
    }),
  ),
  "GET /key": bare(async (call) => await namesOf(call)),
  "POST /key/attributes": operation(described, async (call, input) => await describe(call, input)),
  "GET /key/{}/attributes": bare(
    async (call) => await describe(call, { label: call.parameter, password: undefined }),
  ),
  "POST /key/address": operation(described, async (call, input) => await address(call, input)),
  "GET /key/{}/address": bare(
    async (call) => await address(call, { label: call.parameter, password: undefined }),
  ),
  "POST /key/export/plain": operation(described, async (call, input) => {
    const { ports, context } = call
    const { key: name } = readKeyName(input)
    const key = await describeKey(ports, context, { key: name })
    if (key.smart !== undefined) {
      throw new Fault("operation.forbidden.for.key", "a key with rules never leaves")
    }
    const { format, material } = await exportKey(ports, context, { key: key.id })
    const secret = encodeBase64(material)
    if (format === "raw") return { privateKey: null, publicKey: null, secretKey: secret }
    const half = await publicKey(ports, context, { key: key.id })
    return {
      privateKey: secret,
      publicKey: encodeBase64(half.publicKey),
      secretKey: null,
    }
  }),
  "POST /key/import/plain": creating(
    operation(
      { ...made, privateKey: bytes, publicKey: bytes, secretKey: bytes, certificate: bytes },
      async (call, input) => {
        const { format, material } = materialOf(input)
        const template = await templateOf(call, { ...input, attributes: input.attributes ?? {} })
        const command = { ...template, format, material }
        return await renderKey(call, await importKey(call.ports, call.context, command))
      },
    ),
  ),
  "POST /key/changePassword": operation({ label: need(text) }, () => {
    throw new Fault("unsupported.operation", "keys have no passwords here: rules guard them")
  }),
  "POST /key/deleteKey": operation(described, async (call, input) => {
    await remove(call, readKeyName(input).key)
    return undefined
  }),
  "DELETE /key/{}": bare(async (call) => {
    await remove(call, readLabel(call.parameter).key)
    return undefined
  }),
} as const satisfies Record<string, Operation>

interface Named {
  readonly label: string
  readonly password: string | undefined
}

/** The key that is meant as a whole. */
function readKeyName(input: Named): { readonly key: string } {
  refusePassword(input.password)
  return { key: wholeKey(input.label, "a path leads to no key that is stored") }
}

/** Keys are guarded by rules, and none of them ever had a password. */
export function refusePassword(given: string | undefined): void {
  if (given === undefined || given === "") return
  throw new Fault("key.password.mismatch", "keys have no passwords here: rules guard them")
}

async function describe(call: Call, input: Named): Promise<object> {
  refusePassword(input.password)
  const { ports, context } = call
  if (input.label === integrityKeyName) {
    const json = { label: integrityKeyName, id: null, algorithm: "EC" }
    const spki = encodeBase64(integrityPublicKey(ports, context))
    const described = { ...json, algorithmOid: "1.2.840.10045.2.1", publicKey: spki }
    return { xml: "", json: described, xmlSignature: "", attestationKeyName: integrityKeyName }
  }
  const { key: name, path } = readLabel(input.label)
  const key = await describeKey(ports, context, { key: name })
  if (path !== undefined && !isSeed(key)) throw invalid("the key has no children")
  return await renderKey(call, key, { path })
}

/** The base of an address, as the dialect has it: 20 bytes of a hash of the public key. */
async function address(call: Call, input: Named): Promise<object> {
  refusePassword(input.password)
  const { ports, context } = call
  const { key: name, path } = readLabel(input.label)
  const key = await describeKey(ports, context, { key: name })
  if (key.smart === undefined) {
    throw new Fault("address.on.non.ska.key", "only keys with rules have addresses")
  }
  const chosen = { key: key.id, chain: "ETH", path: pathOn(key, path) } as const
  const { address: checksummed } = await deriveAddress(ports, context, chosen)
  const base = Uint8Array.fromHex(checksummed.slice(2))
  return { address: encodeBase64(base) }
}

async function namesOf({ ports, context }: Call): Promise<readonly string[]> {
  const names: string[] = []
  let after: string | undefined
  do {
    const page = await listKeys(ports, context, { after, limit: limits.pageSizeMax })
    names.push(...page.items.filter(isThere).map(({ name }) => name))
    after = page.next
  } while (after !== undefined && names.length < listedMax)
  return names
}

function isThere({ state }: KeyRecord): boolean {
  return state === "active" || state === "disabled" || state === "awaiting-material"
}

/** At once, as the original does it; where the partition wants a window, after that. */
async function remove({ ports, context }: Call, key: string): Promise<void> {
  try {
    await deleteKey(ports, context, { key, windowMs: 0 })
  } catch (error) {
    if (!(error instanceof HsmError) || error.detail.rule !== "immediate") throw error
    await deleteKey(ports, context, { key })
  }
}

interface Made {
  readonly label: string
  readonly password: string | undefined
  readonly algorithm: string
  readonly curveOid: string | undefined
  readonly keySize: number | undefined
  readonly attributes: Partial<Attributes>
  readonly policy: Policy | undefined
}

export async function templateOf(call: Call, input: Made): Promise<KeyTemplate> {
  refusePassword(input.password)
  const { attributes: given, policy: smart } = input
  const derives = derivationOf(given)
  const algorithm = algorithmOf({ ...input, derives })
  const { extractable = false, sensitive, modifiable = true } = given
  const { destroyable = false, copyable = false } = given
  return {
    name: input.label,
    algorithm,
    usages: usagesOf(given, algorithm),
    extractable: smart === undefined && extractable,
    ...(sensitive === undefined || !extractable ? {} : { sensitive }),
    modifiable,
    destroyable,
    copyable,
    ...(smart === undefined ? {} : { rules: await rulesOf(call, smart) }),
  }
}

function derivationOf({
  derive,
  bip32,
  slip10,
}: Partial<Attributes>): "bip32" | "slip10" | undefined {
  if (derive !== true) return undefined
  if (slip10 === true) return "slip10"
  return bip32 === true ? "bip32" : undefined
}

/**
 * What the key may be used for, as far as its algorithm serves it: the dialect's clients ask for
 * everything. Of a pair, each use of the private half brings that of the public one.
 */
export function usagesOf(
  given: Partial<Attributes>,
  algorithm: KeyTemplate["algorithm"],
): KeyUsage[] {
  const { decrypt = false, sign = false, unwrap = false } = given
  if (given.sign === undefined && given.decrypt === undefined && given.unwrap === undefined) {
    return [...keyAlgorithm(algorithm).defaultUsages]
  }
  const { encrypt = decrypt && !unwrap, verify = sign, wrap = unwrap && !decrypt } = given
  const wanted: Readonly<Record<KeyUsage, boolean>> = {
    encrypt,
    decrypt,
    sign,
    verify,
    wrap,
    unwrap,
    derive: given.derive === true,
    encapsulate: decrypt || unwrap,
    decapsulate: decrypt || unwrap,
  }
  const { usages, form } = keyAlgorithm(algorithm)
  // A secret key encrypts or authenticates, not both: then the former. A pair that agrees does not
  // wrap as well, nor does the dialect.
  const isCipher = form === "secret" && usages.includes("decrypt") && (encrypt || decrypt)
  const agrees = form === "pair" && (usages.includes("derive") || usages.includes("decapsulate"))
  const others: readonly KeyUsage[] = [
    ...(isCipher ? (["sign", "verify"] as const) : []),
    ...(agrees ? (["wrap", "unwrap"] as const) : []),
  ]
  const granted = keyUsages.filter(
    (usage) => wanted[usage] && usages.includes(usage) && !others.includes(usage),
  )
  if (granted.length > 0) return granted
  throw new Fault("key.attributes.invalid", `a key of ${algorithm} serves none of these uses`)
}

interface Halves {
  readonly privateKey: Uint8Array | undefined
  readonly publicKey: Uint8Array | undefined
  readonly secretKey: Uint8Array | undefined
  readonly certificate: Uint8Array | undefined
}

function materialOf(input: Halves): Pick<ImportKeyCommand, "format" | "material"> {
  const { privateKey, publicKey: spki, secretKey, certificate } = input
  if (certificate !== undefined) {
    const text = "a certificate is imported when its key is there: /certificate/import/plain"
    throw new Fault("unsupported.operation", text)
  }
  if (secretKey !== undefined) return { format: "raw", material: secretKey }
  if (privateKey !== undefined) return { format: "pkcs8", material: privateKey }
  if (spki !== undefined) return { format: "spki", material: spki }
  throw invalid("privateKey, publicKey or secretKey is needed")
}
