/** Routes that use keys. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { timestampQuery } from "../../../codec/timestamp-query.ts"
import { grantedResponse } from "../../../codec/timestamp-token.ts"
import type {
  DecryptResult,
  SharedSecretResult,
  SignResult,
  VerifyResult,
} from "../../../service/commands.ts"
import type * as wire from "../api.generated.ts"
import { route, type Routes } from "../route.ts"
import { renderTime } from "../times.ts"

/** Operations of the group Cryptography, but for batch. */
export const cryptoRoutes = {
  encrypt: route(
    "encrypt",
    ({ params: { key }, body }) => ({ key, ...body }),
    ({ keyId, version, mechanism, ciphertext, iv }) => ({
      keyId,
      version,
      mechanism,
      ciphertext: encodeBase64(ciphertext),
      iv: iv === undefined ? undefined : encodeBase64(iv),
    }),
  ),
  decrypt: route("decrypt", ({ body }) => body, renderPlaintext),
  decryptRaw: route(
    "decrypt",
    ({ params: { key }, body: { ciphertext, aad, ...raw } }) => ({
      ciphertext,
      aad,
      raw: { key, ...raw },
    }),
    renderPlaintext,
  ),
  sign: route(
    "sign",
    ({ params: { key }, body }) => ({ key, ...body }),
    ({ keyId, version, mechanism, signature }) => ({
      keyId,
      version,
      mechanism,
      signature: encodeBase64(signature),
    }),
  ),
  verify: route("verify", ({ params: { key }, body }) => ({ key, ...body }), renderVerdict),
  mac: route("mac", ({ params: { key }, body }) => ({ key, ...body }), renderMac),
  verifyMac: route(
    "verifyMac",
    ({ params: { key }, body: { mac, ...body } }) => ({ key, signature: mac, ...body }),
    renderVerdict,
  ),
  generateDataKey: route(
    "generateDataKey",
    ({ params: { key }, body }) => ({ key, ...body }),
    ({ keyId, version, ciphertext, plaintext }) => ({
      keyId,
      version,
      ciphertext: encodeBase64(ciphertext),
      plaintext: plaintext === undefined ? undefined : encodeBase64(plaintext),
    }),
  ),
  encapsulate: route(
    "encapsulate",
    ({ params: { key }, body }) => ({ key, ...body }),
    ({ ciphertext, ...secret }) => ({
      ...renderSecret(secret),
      ciphertext: encodeBase64(ciphertext),
    }),
  ),
  decapsulate: route(
    "decapsulate",
    ({ params: { key }, body }) => ({ key, ...body }),
    renderSecret,
  ),
  agree: route("agree", ({ params: { key }, body }) => ({ key, ...body }), renderSecret),
  createTimestamp: route(
    "timestamp",
    ({ params: { key }, body }) => ({ key, query: timestampQuery(body) }),
    ({ time, timestamp, ...about }) => ({
      ...about,
      time: renderTime(time),
      response: encodeBase64(grantedResponse(timestamp)),
    }),
  ),
  random: route(
    "generateRandom",
    ({ body }) => body,
    (bytes) => ({ bytes: encodeBase64(bytes) }),
  ),
} as const satisfies Routes<
  | "encrypt"
  | "decrypt"
  | "decryptRaw"
  | "sign"
  | "verify"
  | "mac"
  | "verifyMac"
  | "generateDataKey"
  | "encapsulate"
  | "decapsulate"
  | "agree"
  | "createTimestamp"
  | "random"
>

function renderPlaintext({
  keyId,
  version,
  mechanism,
  plaintext,
}: DecryptResult): wire.DecryptResult {
  return { keyId, version, mechanism, plaintext: encodeBase64(plaintext) }
}

function renderSecret({
  keyId,
  version,
  mechanism,
  sharedSecret,
}: SharedSecretResult): wire.SharedSecret {
  return { keyId, version, mechanism, sharedSecret: encodeBase64(sharedSecret) }
}

function renderMac({ keyId, version, mechanism, signature }: SignResult): wire.MacResult {
  return { keyId, version, mechanism, mac: encodeBase64(signature) }
}

function renderVerdict({ keyId, valid, version, mechanism }: VerifyResult): wire.VerifyResult {
  return { keyId, valid, version, mechanism }
}
