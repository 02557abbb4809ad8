/** AWS KMS as it calls an external key store: each request signed by the AWS SDK's own signer. */

import { signWithSdk } from "./aws-signer.ts"
import type { DevNode } from "./dev-node.ts"
import { fields, type Answer, type Fields } from "./rest-client.ts"

/** A key store's path and access key. */
export interface XksStore {
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface XksCall {
  readonly store?: XksStore
  readonly method?: string
  /** Milliseconds since 1970. */
  readonly at?: number
  readonly service?: string
  readonly signedHost?: string
  /** What is sent in place of what was signed. */
  readonly sent?: { readonly path?: string; readonly body?: unknown; readonly headers?: object }
}

export const requestMetadata = {
  awsPrincipalArn: "arn:aws:iam::123456789012:user/Alice",
  kmsKeyArn: "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
  kmsOperation: "Encrypt",
  kmsRequestId: "4112f4d6-db54-4af4-ae30-c55a22a8dfae",
  kmsViaService: "ebs",
}

/** Sends one call; `rest` is what follows `/kms/xks/v1`. */
export async function xksCall(
  { client, dev }: DevNode,
  rest: string,
  body: unknown,
  how: XksCall = {},
): Promise<Answer> {
  const { store = dev.xks, method = "POST", at = Date.now(), sent = {} } = how
  const { host } = new URL(dev.url)
  const path = `${store.prefix}/kms/xks/v1${rest}`
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const unsigned = {
    method,
    path,
    headers: { host: how.signedHost ?? host, "content-type": "application/json" },
    body: Buffer.from(text),
  }
  const signing = { ...store, at, service: how.service ?? "kms-xks-proxy" }
  const headers = { ...(await signWithSdk(unsigned, signing)), host, ...sent.headers }
  return await client.send(method, sent.path ?? path, { headers, body: sent.body ?? text })
}

/** Makes a key store with this policy. */
export async function newKeyStore(
  node: DevNode,
  name: string,
  keyStore: Fields = {},
): Promise<XksStore & { readonly id: string }> {
  const credential = { kind: "access-key" }
  const body = { name, roles: ["user"], keyStore, credential }
  const made = fields(await node.send("officer", "POST", "principals", body))
  const { id } = made["principal"] as { id: string } // As the API says.
  return { id, prefix: `/xks/${id}`, ...(made["accessKey"] as Omit<XksStore, "prefix">) }
}
