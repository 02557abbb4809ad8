/** Keys of several materials while the node is killed: what is sealed anew is so whole, or not. */

import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

import { wrapMaterial } from "../support/aws-import.ts"
import { kmsClient, type KmsClient, type KmsError, type KmsOutput } from "../support/aws.ts"
import { KillableNode } from "./node.ts"
import { seeded } from "./load.ts"

const kills = process.env["KEYHOLD_LONG"] === "1" ? 100 : 3
const seed = Number(process.env["KEYHOLD_SEED"] ?? 20_261_128)
const loadMsMax = 600
const owners = 3
/** AWS's bound on rotations is higher. */
const materialsMax = 20
const ciphertextsKept = 6
const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" }

const data = await mkdtemp(join(tmpdir(), "keyhold-kill-"))
const node = new KillableNode(data)
after(async () => {
  await node.kill()
  await rm(data, { recursive: true })
})

/** Whoever rotates a key's material, takes some of it away, and brings that again. */
class Owner {
  readonly #keyId: string
  readonly #salt: number
  readonly #random: () => number
  readonly #sealed: { readonly text: string; readonly blob: unknown }[] = []
  /** Of each material that was acknowledged, which one it is. */
  readonly #fills = new Map<string, number>()
  /** Of the last import: it may be there without an answer. */
  #last = 0
  /** Rounds that were acknowledged. */
  done = 0

  constructor(keyId: string, salt: number, random: () => number) {
    this.#keyId = keyId
    this.#salt = salt
    this.#random = random
  }

  /** Works until the node is gone. */
  async run(kms: KmsClient): Promise<void> {
    for (;;) {
      try {
        await this.#one(kms)
        this.done++
      } catch (error) {
        // An answer: the node has refused, which no kill explains.
        if ((error as Partial<KmsError>).$metadata?.httpStatusCode !== undefined) throw error
        return
      }
    }
  }

  /** After a restart: all that is missing is taken back, and all that was sealed opens. */
  async check(kms: KmsClient): Promise<void> {
    const all = await this.#materials(kms)
    const there = new Set(all.map(({ KeyMaterialId }) => KeyMaterialId))
    // What waited may have been deleted without an answer.
    for (const id of this.#fills.keys()) if (!there.has(id)) this.#fills.delete(id)
    for (const { KeyMaterialId, ImportState } of all) {
      const id = String(KeyMaterialId)
      const fill = this.#fills.get(id) ?? this.#last
      this.#fills.set(id, fill)
      if (ImportState === "PENDING_IMPORT") await this.#bring(kms, fill)
    }
    for (const { KeyMaterialState: state } of all) {
      if (state === "PENDING_ROTATION") await kms.send("RotateKeyOnDemand", { KeyId: this.#keyId })
    }
    if (all.length === 0) await this.#bring(kms, ++this.#last)
    for (const { text, blob } of this.#sealed) {
      const { Plaintext } = await kms.send("Decrypt", { CiphertextBlob: blob })
      assert.equal(Buffer.from(Plaintext as Uint8Array).toString(), text)
    }
  }

  async #one(kms: KmsClient): Promise<void> {
    const KeyId = this.#keyId
    const text = `text ${this.done}`
    const sealing = await kms.send("Encrypt", { KeyId, Plaintext: Buffer.from(text) })
    this.#sealed.push({ text, blob: sealing["CiphertextBlob"] })
    this.#sealed.splice(0, this.#sealed.length - ciphertextsKept)
    const [any] = [...this.#fills].toSorted(() => this.#random() - 0.5)
    if (this.#last < materialsMax && this.#random() < 0.3) {
      const waits = await this.#bring(kms, ++this.#last, "NEW_KEY_MATERIAL")
      if (this.#random() < 0.3) {
        await kms.send("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId: waits })
        this.#fills.delete(waits)
      } else {
        await kms.send("RotateKeyOnDemand", { KeyId })
      }
    } else if (any !== undefined) {
      const [KeyMaterialId, fill] = any
      await kms.send("DeleteImportedKeyMaterial", { KeyId, KeyMaterialId })
      await this.#bring(kms, fill)
    }
  }

  async #materials(kms: KmsClient): Promise<readonly KmsOutput[]> {
    const input = { KeyId: this.#keyId, IncludeKeyMaterial: "ALL_KEY_MATERIAL" }
    return (await kms.send("ListKeyRotations", input))["Rotations"] as readonly KmsOutput[]
  }

  async #bring(kms: KmsClient, fill: number, ImportType?: string): Promise<string> {
    const KeyId = this.#keyId
    const { ImportToken, PublicKey } = await kms.send("GetParametersForImport", {
      KeyId,
      ...wrapping,
    })
    const material = new Uint8Array(32).fill(fill).fill(this.#salt, 16)
    const wrapped = wrapMaterial(PublicKey as Uint8Array, material, "RSAES_OAEP_SHA_256")
    const ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE"
    const input = { KeyId, ImportToken, EncryptedKeyMaterial: wrapped, ExpirationModel, ImportType }
    const id = String((await kms.send("ImportKeyMaterial", input))["KeyMaterialId"])
    this.#fills.set(id, fill)
    return id
  }
}

const title = `${kills} kills while material rotates leave each key whole (seed ${seed})`
test(title, { timeout: kills * 30_000 }, async () => {
  const random = seeded(seed)
  const crowd: Owner[] = []
  for (;;) {
    const kms = kmsClient(await node.start())
    while (crowd.length < owners) {
      const { KeyMetadata } = await kms.send("CreateKey", { Origin: "EXTERNAL" })
      const keyId = String((KeyMetadata as KmsOutput)["KeyId"])
      crowd.push(new Owner(keyId, crowd.length + 1, seeded(seed + crowd.length)))
    }
    for (const owner of crowd) await owner.check(kms)
    if (node.kills >= kills) {
      kms.destroy()
      break
    }
    const work = Promise.all(crowd.map((owner) => owner.run(kms)))
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * loadMsMax))
    await node.kill()
    await work
    kms.destroy()
  }
  for (const { done } of crowd) assert.ok(done > 0, "there was load")
})
