/** `webhooks.caFile`: whom the node takes for a webhook's receiver, over real TLS. */

import "reflect-metadata"
import assert from "node:assert/strict"
import { webcrypto } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test, type TestContext } from "node:test"
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509"

import { readWebhookTrust } from "../../src/daemon/webhook-trust.ts"
import { limits } from "../../src/domain/limits.ts"
import { createWebhookPost } from "../../src/identity/webhook-post.ts"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const folder = mkdtempSync(join(tmpdir(), "keyhold-trust-"))
const message = { headers: {}, body: Buffer.from("{}") }
let own: Authority
let other: Authority

before(async () => {
  own = await createAuthority("CN=own")
  other = await createAuthority("CN=other")
})
after(() => rmSync(folder, { recursive: true }))

interface Authority {
  readonly pem: string
  /** A certificate for localhost, and its private key. */
  readonly leaf: { readonly cert: string; readonly key: string }
}

async function createAuthority(name: string): Promise<Authority> {
  const lives = {
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const root = await X509CertificateGenerator.createSelfSigned({
    name,
    ...lives,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  const leafKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const leaf = await X509CertificateGenerator.create({
    subject: "CN=receiver",
    issuer: root.subject,
    ...lives,
    signingKey: keys.privateKey,
    publicKey: leafKeys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  })
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey)
  const key = PemConverter.encode(pkcs8, "PRIVATE KEY")
  return { pem: root.toString("pem"), leaf: { cert: leaf.toString("pem"), key } }
}

async function receive(context: TestContext, { leaf }: Authority): Promise<string> {
  const server = createServer(leaf, (_, response) => response.writeHead(204).end())
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve)
  })
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo // It listens on a host.
  return `https://localhost:${port}/`
}

function settings(text?: string) {
  const caFile = text === undefined ? undefined : join(folder, "ca.pem")
  if (caFile !== undefined && text !== undefined) writeFileSync(caFile, text)
  return { webhooks: { allowPrivate: true, ...(caFile === undefined ? {} : { caFile }) } }
}

test("a receiver is told when his authority is named, and only then", async (context) => {
  const url = await receive(context, own)
  const post = async (text?: string) =>
    createWebhookPost(await readWebhookTrust(settings(text)))({ ...message, url })
  assert.equal(await post(own.pem), 204)
  assert.equal(await post(`${other.pem}\n${own.pem}\n`), 204)
  assert.equal(await post(other.pem), undefined)
  assert.equal(await post(), undefined)
})

test("a named authority vouches beside those that Node trusts, not instead", async () => {
  const { moreCas } = await readWebhookTrust(settings(own.pem))
  assert.equal(moreCas?.length, 1)
  assert.deepEqual(await readWebhookTrust(settings()), { allowPrivate: true })
})

const refusals: readonly (readonly [string, () => string, RegExp])[] = [
  ["nothing", () => "", /1 to 64 certificates/],
  ["a text", () => "trust me", /1 to 64 certificates/],
  ["a certificate and a key", () => own.pem + own.leaf.key, /more in it/],
  ["a certificate that breaks off", () => own.pem + own.pem.slice(0, 200), /more in it/],
  ["a receiver's own certificate", () => own.leaf.cert, /no authority's/],
  ["a certificate with another byte", () => own.pem.replace(/\n..../, "\nAAAA"), /no authority's/],
  ["more than fit", () => own.pem.repeat(limits.webhookCasMax + 1), /1 to 64 certificates/],
  ["too much", () => own.pem + "\n".repeat(limits.webhookCaBytesMax), /longer than/],
]
for (const [what, text, expected] of refusals) {
  test(`a file with ${what} is refused whole`, async () => {
    const asked = readWebhookTrust(settings(text()))
    await assert.rejects(asked, { code: "MALFORMED_REQUEST", message: expected })
  })
}

test("a file that is not there stops the node, and is told by its setting", async () => {
  const webhooks = { allowPrivate: true, caFile: join(folder, "none.pem") }
  const expected = { code: "MALFORMED_REQUEST", message: /^webhooks.caFile: .*cannot be read/ }
  await assert.rejects(readWebhookTrust({ webhooks }), expected)
})
