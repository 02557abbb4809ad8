/** Material comes and goes while the node is killed: a key and a token have all of it or none. */

import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

import { wrapMaterial } from "../support/aws-import.ts"
import { kmsClient, type KmsClient, type KmsError } from "../support/aws.ts"
import { KillableNode } from "./node.ts"
import { seeded } from "./load.ts"

const kills = process.env["KEYHOLD_LONG"] === "1" ? 100 : 3
const seed = Number(process.env["KEYHOLD_SEED"] ?? 20_261_127)
const loadMsMax = 600
const owners = 4
const ciphertextsKept = 3
const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }

const data = await mkdtemp(join(tmpdir(), "keyhold-kill-"))
const node = new KillableNode(data)
after(async () => {
  await node.kill()
  await rm(data, { recursive: true })
})

type Input = Readonly<Record<string, unknown>>

/** Whoever brings a key's material along, and takes it away again. */
class Owner {
  readonly #keyId: string
  readonly #material: Uint8Array
  readonly #random: () => number
  readonly #sealed: { readonly text: string; readonly blob: unknown }[] = []
  #isHere = false
  /** A call without an answer: which one, and of an import its input. */
  #lost: { readonly deletion: true } | { readonly deletion?: undefined; input: Input } | undefined
  /** Calls that were acknowledged. */
  done = 0

  constructor(keyId: string, fill: number, random: () => number) {
    this.#keyId = keyId
    this.#material = new Uint8Array(32).fill(fill)
    this.#random = random
  }

  /** Works until the node is gone. */
  async run(kms: KmsClient): Promise<void> {
    for (;;) {
      try {
        await this.#one(kms)
        this.done++
      } catch (error) {
        if (isAnswer(error)) throw error
        return
      }
    }
  }

  /** After a restart: the key is as it was told, and what was lost is all done or not at all. */
  async check(kms: KmsClient): Promise<void> {
    const { KeyMetadata } = await kms.send("DescribeKey", { KeyId: this.#keyId })
    const isHere = (KeyMetadata as Input)["KeyState"] === "Enabled"
    const lost = this.#lost
    this.#lost = undefined
    if (lost === undefined) assert.equal(isHere, this.#isHere)
    this.#isHere = isHere
    if (lost !== undefined && lost.deletion === undefined) await this.#again(kms, lost.input)
    if (!this.#isHere) await this.#bring(kms)
    for (const { text, blob } of this.#sealed) {
      const { Plaintext } = await kms.send("Decrypt", { CiphertextBlob: blob })
      assert.equal(Buffer.from(Plaintext as Uint8Array).toString(), text)
    }
  }

  /** The token is spent when the material is here, and only then. */
  async #again(kms: KmsClient, input: Input): Promise<void> {
    const answer = await kms.send("ImportKeyMaterial", input).then(
      () => "done",
      (error: unknown) => (error as KmsError).name,
    )
    assert.equal(answer, this.#isHere ? "InvalidImportTokenException" : "done")
    this.#isHere = true
  }

  async #one(kms: KmsClient): Promise<void> {
    if (!this.#isHere) {
      await this.#bring(kms)
    } else if (this.#random() < 0.4) {
      this.#lost = { deletion: true }
      await kms.send("DeleteImportedKeyMaterial", { KeyId: this.#keyId })
      this.#lost = undefined
      this.#isHere = false
    } else {
      const text = `text ${this.done}`
      const input = { KeyId: this.#keyId, Plaintext: Buffer.from(text) }
      const { CiphertextBlob: blob } = await kms.send("Encrypt", input)
      this.#sealed.push({ text, blob })
      this.#sealed.splice(0, this.#sealed.length - ciphertextsKept)
    }
  }

  async #bring(kms: KmsClient): Promise<void> {
    const KeyId = this.#keyId
    const { ImportToken, PublicKey } = await kms.send("GetParametersForImport", {
      KeyId,
      ...wrapping,
    })
    const algorithm = "RSAES_OAEP_SHA_256"
    const EncryptedKeyMaterial = wrapMaterial(PublicKey as Uint8Array, this.#material, algorithm)
    const ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE"
    const input = { KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel }
    this.#lost = { input }
    await kms.send("ImportKeyMaterial", input)
    this.#lost = undefined
    this.#isHere = true
  }
}

/** The node has answered, and refused: nothing that the kill can have done. */
function isAnswer(error: unknown): boolean {
  return (error as Partial<KmsError>).$metadata?.httpStatusCode !== undefined
}

const title = `${kills} kills while material comes and goes leave each key whole (seed ${seed})`
test(title, { timeout: kills * 30_000 }, async () => {
  const random = seeded(seed)
  const crowd: Owner[] = []
  for (;;) {
    const kms = kmsClient(await node.start())
    for (const owner of crowd) await owner.check(kms)
    if (node.kills >= kills) {
      kms.destroy()
      break
    }
    while (crowd.length < owners) {
      const { KeyMetadata } = await kms.send("CreateKey", { Origin: "EXTERNAL" })
      const keyId = String((KeyMetadata as Input)["KeyId"])
      crowd.push(new Owner(keyId, crowd.length + 1, seeded(seed + crowd.length)))
    }
    const work = Promise.all(crowd.map((owner) => owner.run(kms)))
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * loadMsMax))
    await node.kill()
    await work
    kms.destroy()
  }
  for (const { done } of crowd) assert.ok(done > 0, "there was load")
})
