/** What the dialect shows of a key: JSON, and the XML that the partition's integrity key signs. */

import { encodeBase64 } from "../../codec/base64.ts"
import { childAlgorithm, keyAlgorithm, type KeyUsage } from "../../domain/algorithms.ts"
import { currentVersion, type KeyRecord } from "../../domain/key.ts"
import { keyRuleNames, type ApproverKey, type Rule, type RuleToken } from "../../domain/rule.ts"
import type { Instant } from "../../domain/ids.ts"
import { publicKey } from "../../service/read-key.ts"
import { derivePublic } from "../../service/derived.ts"
import { signIntegrity } from "../../service/integrity.ts"
import { isSeed, pathOn, type Labelled } from "./labels.ts"
import type { Call } from "./operation.ts"
import { renderPolicy } from "./policy.ts"
import { specOf } from "./vocabulary.ts"

/** Of the key that signs timestamps and attributes; its public half is asked for by this label. */
export const integrityKeyName = "integrity-key"

/** What is shown of a key, or of the pair at a path of a seed. */
interface Shown {
  readonly key: KeyRecord
  readonly label: string
  readonly publicKey: Uint8Array | undefined
  readonly attestedAt: Instant
}

export interface RenderedKey {
  readonly xml: string
  readonly json: object
  readonly xmlSignature: string
  readonly attestationKeyName: string
}

/** The answer to everything that makes or shows a key. */
export async function renderKey(
  call: Call,
  key: KeyRecord,
  { path }: Pick<Labelled, "path"> = { path: undefined },
): Promise<RenderedKey> {
  const shown = {
    key,
    label: `${key.name}${path?.slice(1) ?? ""}`,
    publicKey: await publicHalf(call, key, path),
    attestedAt: call.ports.clock.now(),
  }
  const xml = renderXml(shown)
  return {
    xml,
    json: renderJson(shown),
    xmlSignature: encodeBase64(signIntegrity(call.ports, call.context, Buffer.from(xml))),
    attestationKeyName: integrityKeyName,
  }
}

async function publicHalf(
  { ports, context }: Call,
  key: KeyRecord,
  path: string | undefined,
): Promise<Uint8Array | undefined> {
  const place = pathOn(key, path)
  if (place !== undefined) {
    // Approvers may not derive; they are shown the rest.
    if (!context.caller.roles.some((role) => role === "user" || role === "manager"))
      return undefined
    return (await derivePublic(ports, context, { key: key.id, path: place })).publicKey
  }
  if (currentVersion(key)?.publicKey === undefined) return undefined
  return (await publicKey(ports, context, { key: key.id })).publicKey
}

/** As PKCS#11 and the dialect name them; of a pair, what its private half may do. */
function attributesOf(key: KeyRecord): Readonly<Record<string, boolean>> {
  const { usages, ...rest } = key.attributes
  const may = (...wanted: readonly KeyUsage[]) => wanted.some((one) => usages.includes(one))
  return {
    decrypt: may("decrypt", "decapsulate"),
    sign: may("sign"),
    unwrap: may("unwrap"),
    derive: may("derive") || isSeed(key),
    sensitive: rest.sensitive,
    alwaysSensitive: rest.alwaysSensitive,
    extractable: rest.extractable,
    neverExtractable: rest.neverExtractable,
    modifiable: rest.modifiable,
    copyable: rest.copyable,
    destroyable: rest.destroyable,
  }
}

function renderJson({ key, label, publicKey: spki, attestedAt }: Shown): object {
  const { algorithm, oid, curveOid = null, keySize = null, type } = specOf(key.algorithm)
  return {
    label,
    // Clients of the original fail on anything but null.
    id: null,
    uuid: key.id,
    algorithm,
    algorithmOid: oid,
    curveOid,
    keySize,
    derivedAttributes: type === undefined ? null : { derivationType: type, derivationValue: null },
    keyUsageCount: 0,
    createTime: renderTime(key.createdAt),
    attestTime: renderTime(attestedAt),
    publicKey: spki === undefined ? null : encodeBase64(spki),
    addressTruncated: null,
    attributes: { ...attributesOf(key), ekaSign: null },
    policy: renderPolicy(key.smart),
  }
}

/** Whole seconds, as the original writes them. */
export function renderTime(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

// --- XML -----------------------------------------------------------------------------------------

function renderXml({ key, label, publicKey: spki, attestedAt }: Shown): string {
  const { algorithm, oid } = specOf(key.algorithm)
  const { origin = "generated" } = currentVersion(key) ?? {}
  const root = keyAlgorithm(key.algorithm).form === "secret" ? "secret_key" : "private_key"
  const attributes = Object.entries(attributesOf(key)).map(([name, value]) =>
    element(snake(name), [String(value)]),
  )
  const content = [
    element("label", [escape(label)]),
    element("create_time", [renderTime(key.createdAt)]),
    element("attest_time", [renderTime(attestedAt)]),
    element("algorithm", [algorithm]),
    element("algorithm_oid", [oid]),
    ...(spki === undefined ? [] : [element("public_key", [encodeBase64(spki)])]),
    element("attributes", attributes),
    ...policyXml(key),
  ]
  const creation = childAlgorithm(key.algorithm) === undefined ? origin : "generated"
  const body = element(root, content, { creation })
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`
}

function policyXml({ smart }: KeyRecord): string[] {
  if (smart === undefined) return []
  const status = element("key_status", [element("blocked", [String(smart.blocked)])])
  const rules = keyRuleNames.flatMap((name) => {
    const rule = smart.rules[name]
    return rule === undefined ? [] : [ruleXml(`rule_${name}`, rule)]
  })
  return [element("policy", [status, ...rules])]
}

function ruleXml(name: string, { tokens }: Rule): string {
  return element(name, tokens.map(tokenXml))
}

function tokenXml({ name, timelockMs, timeoutMs, groups }: RuleToken): string {
  const parts = groups.map((group) =>
    element(
      "group",
      [element("quorum", [String(group.quorum)]), ...group.approvers.map(approverXml)],
      { name: group.name },
    ),
  )
  const times = [
    element("timelock", [String(timelockMs / 1_000)]),
    element("timeout", [String(timeoutMs / 1_000)]),
  ]
  return element("token", [...times, ...parts], { name })
}

function approverXml({ kind, name, publicKey: spki, chain }: ApproverKey): string {
  const type = kind === "certificate" ? "certificate" : "public_key"
  return element("approval", [encodeBase64(chain?.[0] ?? spki)], { type, name })
}

function element(
  name: string,
  content: readonly string[],
  attributes: Readonly<Record<string, string>> = {},
): string {
  const named = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`)
  return `<${name}${named.join("")}>${content.join("")}</${name}>`
}

/** XML 1.0 section 2.4; what XML has no character for, it does not get. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;")
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
