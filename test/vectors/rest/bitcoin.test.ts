/** BIP 340 and BIP 341 through the API. */
import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"
import { startDevNode, type DevNode } from "../../support/dev-node.ts"
import { base64, type Fields } from "../../support/rest-client.ts"
import { bip340Cases, bip341Cases, otherLengths, type SchnorrCase } from "../bitcoin.ts"
import { vectorsMissing } from "../wycheproof.ts"

const skip = vectorsMissing()
const mechanism = "BIP340_SCHNORR"

suite("Schnorr's signatures through the API", { skip }, () => {
  let node: DevNode
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  const post = (role: "user" | "manager", path: string, body: Fields): Promise<Fields> =>
    node.client.call(node.token(role), `POST /keys/${path}`, body)

  async function importKey(name: string, format: string, material: Uint8Array): Promise<string> {
    const body = { name, algorithm: "EC_SECP256K1", format, material: base64(material) }
    return String((await post("manager", "import", body))["id"])
  }

  async function check(vector: SchnorrCase): Promise<void> {
    const { id, secret, publicKey, auxRandom, merkleRoot, message, signature, valid } = vector
    if (publicKey === undefined) {
      assert.ok(!valid)
      return
    }
    const half = await importKey(`half-${id}`, "spki", publicKey)
    const root = merkleRoot === undefined ? {} : { merkleRoot: base64(merkleRoot) }
    const input = { mechanism, message: base64(message), ...root }
    const verdict = await post("user", `${half}/verify`, { ...input, signature: base64(signature) })
    assert.equal(verdict["valid"], valid, id)
    if (secret === undefined) return
    const whole = await importKey(`whole-${id}`, "pkcs8", secret)
    const asked = { ...input, auxRandom: base64(auxRandom) }
    const made = await post("user", `${whole}/sign`, asked)
    assert.equal(made["signature"], base64(signature), id)
  }

  test("it signs and verifies as BIP 340 says", async () => {
    for (const vector of bip340Cases()) if (!otherLengths.includes(vector.id)) await check(vector)
  })

  test("it signs for the output keys of BIP 341", async () => {
    for (const vector of bip341Cases()) await check(vector)
  })
})
