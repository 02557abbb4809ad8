/** Routes that make, find, change and retire keys. */

import { encodeBase64 } from "../../../codec/base64.ts"
import type {
  DeletionReceipt,
  KeyTemplate,
  ListKeysCommand,
  PublicKeyResult,
} from "../../../service/commands.ts"
import type { SetKeyRulesCommand } from "../../../service/quorum-commands.ts"
import type {
  Operations,
  PublicKey,
  LastUse,
  Receipt,
  UnwrapTemplate as WireTemplate,
} from "../api.generated.ts"
import { renderPem } from "../../../codec/pem.ts"
import { renderKey, renderPage } from "../render.ts"
import type { LastUseResult } from "../../../service/last-uses.ts"
import { route, type Routes } from "../route.ts"
import { parseKeyRules } from "../rules.ts"
import { milliseconds, renderTime } from "../times.ts"

/** Operations of the group Keys. */
export const keyRoutes = {
  createKey: route(
    "createKey",
    ({ params: { idempotencyKey }, body }) => ({ ...template(body), idempotencyKey }),
    renderKey,
  ),
  importKey: route(
    "importKey",
    ({ params: { idempotencyKey }, body: { format, material, passphrase, ...rest } }) => ({
      ...template(rest),
      format,
      material,
      passphrase,
      idempotencyKey,
    }),
    renderKey,
  ),
  listKeys: route("listKeys", listCommand, (page) => renderPage(page, renderKey)),
  getKey: route("describeKey", ({ params }) => params, renderKey),
  getPublicKey: route("publicKey", ({ params }) => params, renderPublicKey),
  derivePublic: route(
    "derivePublic",
    ({ params: { key }, body }) => ({ key, ...body }),
    renderPublicKey,
  ),
  deriveAddress: route(
    "deriveAddress",
    ({ params: { key }, body }) => ({ key, ...body }),
    ({ keyId, version, address, publicKey }) => ({
      keyId,
      version,
      address,
      publicKey: encodeBase64(publicKey),
    }),
  ),
  deriveExtendedPublic: route(
    "deriveExtendedPublic",
    ({ params: { key }, body }) => ({ key, ...body }),
    (answer) => answer,
  ),
  deriveChild: route(
    "deriveChild",
    ({ params: { key, idempotencyKey }, body }) => ({ key, ...body, idempotencyKey }),
    renderKey,
  ),
  updateKey: route(
    "updateKey",
    ({ params: { key }, body: { rotationPeriodSeconds: period, ...body } }) => ({
      key,
      ...body,
      rotationPeriodMs: typeof period === "number" ? milliseconds(period) : period,
    }),
    renderKey,
  ),
  trustKey: route(
    "trustKey",
    ({ params: { key }, body: { trusted } }) => ({ key, trusted }),
    renderKey,
  ),
  fastForwardKey: route(
    "fastForwardKey",
    ({ params: { key }, body: { index } }) => ({ key, index }),
    renderKey,
  ),
  blockKey: route("blockKey", ({ params }) => params, renderKey),
  unblockKey: route("unblockKey", ({ params }) => params, renderKey),
  setKeyRules: route("setKeyRules", rulesCommand, renderKey),
  protectKey: route("protectKey", rulesCommand, renderKey),
  enableKey: route("enableKey", ({ params }) => params, renderKey),
  disableKey: route("disableKey", ({ params }) => params, renderKey),
  rotateKey: route("rotateKey", ({ params }) => params, renderKey),
  deleteKey: route(
    "deleteKey",
    ({ params: { key, windowSeconds } }) => ({
      key,
      windowMs: windowSeconds === undefined ? undefined : milliseconds(windowSeconds),
    }),
    renderKey,
  ),
  cancelDeletion: route("cancelDeletion", ({ params }) => params, renderKey),
  restoreKey: route("restoreKey", ({ params }) => params, renderKey),
  purgeKey: route("purgeKey", ({ params }) => params, renderKey),
  getLastUse: route("lastUseOf", ({ params }) => params, renderLastUse),
  getReceipt: route("deletionReceipt", ({ params }) => params, renderReceipt),
  unwrapKey: route(
    "unwrapKey",
    ({
      params: { key: unwrappingKey, idempotencyKey },
      body: { wrapped, version, mechanism, ...rest },
    }) => ({
      ...template(rest),
      unwrappingKey,
      wrapped,
      version,
      mechanism,
      idempotencyKey,
    }),
    renderKey,
  ),
  deriveKey: route(
    "deriveKey",
    ({
      params: { key, idempotencyKey },
      body: { version, mechanism, parameters = {}, ...rest },
    }) => ({ ...template(rest), key, version, mechanism, parameters, idempotencyKey }),
    renderKey,
  ),
  exportKey: route(
    "exportKey",
    ({ params: { key }, body }) => ({ key, ...body }),
    ({ keyId, version, format, material, wrappedBy }) => ({
      keyId,
      version,
      format,
      material: encodeBase64(material),
      wrappedBy,
    }),
  ),
} as const satisfies Routes<
  | "createKey"
  | "importKey"
  | "listKeys"
  | "getKey"
  | "getPublicKey"
  | "updateKey"
  | "trustKey"
  | "fastForwardKey"
  | "blockKey"
  | "unblockKey"
  | "setKeyRules"
  | "protectKey"
  | "enableKey"
  | "disableKey"
  | "rotateKey"
  | "deleteKey"
  | "cancelDeletion"
  | "restoreKey"
  | "purgeKey"
  | "getReceipt"
  | "getLastUse"
  | "exportKey"
  | "unwrapKey"
  | "deriveKey"
  | "deriveAddress"
  | "derivePublic"
  | "deriveExtendedPublic"
  | "deriveChild"
>

function template({
  rotationPeriodSeconds: period,
  rules,
  unwraps,
  ...rest
}: Operations["createKey"]["body"]): KeyTemplate {
  return {
    ...rest,
    ...(unwraps === undefined ? {} : { unwraps: unwrapTemplate(unwraps) }),
    ...(rules === undefined ? {} : { rules: parseKeyRules(rules, "/rules") }),
    rotationPeriodMs: period === undefined ? undefined : milliseconds(period),
  }
}

function unwrapTemplate({
  onceWithinSeconds: seconds,
  ...template
}: WireTemplate): KeyTemplate["unwraps"] {
  return seconds === undefined ? template : { ...template, onceWithinMs: milliseconds(seconds) }
}

function rulesCommand({
  params: { key },
  body,
}: {
  readonly params: Operations["setKeyRules"]["params"]
  readonly body: Operations["setKeyRules"]["body"]
}): SetKeyRulesCommand {
  return { key, rules: parseKeyRules(body, "") }
}

/** `tag` is a name, or a name and a value joined by the first equals sign. */
function listCommand({
  params: { tag, ...rest },
}: {
  readonly params: Operations["listKeys"]["params"]
}): ListKeysCommand {
  if (tag === undefined) return rest
  const equals = tag.indexOf("=")
  if (equals < 0) return { ...rest, tag: { name: tag } }
  return { ...rest, tag: { name: tag.slice(0, equals), value: tag.slice(equals + 1) } }
}

function renderPublicKey({ keyId, version, publicKey }: PublicKeyResult): PublicKey {
  const pem = renderPem("PUBLIC KEY", publicKey) // RFC 7468 section 13.
  return { keyId, version, publicKey: encodeBase64(publicKey), pem }
}

function renderLastUse({ key, use, since }: LastUseResult): LastUse {
  const base = { keyId: key.id, name: key.name, since: renderTime(since) }
  if (use === undefined) return base
  const { at, act, subject, requestId } = use
  return { ...base, at: renderTime(at), operation: act, subject, requestId }
}

function renderReceipt(receipt: DeletionReceipt): Receipt {
  const { keyId, name, unusableAt, destroyedEpoch, shreddedAt, membersLeft } = receipt
  return {
    keyId,
    name,
    unusableAt: renderTime(unusableAt),
    destroyedEpoch,
    shreddedAt: shreddedAt === undefined ? undefined : renderTime(shreddedAt),
    membersLeft,
    statement: encodeBase64(receipt.statement),
    signature: encodeBase64(receipt.signature),
  }
}
