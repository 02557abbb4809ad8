/** A key store that asks for AWS's client certificate lets in nobody without it. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import type { KeyStorePolicy } from "../../src/domain/key-store.ts"
import type { SignedCaller } from "../../src/identity/signed-request.ts"
import type { ShownAccessKey } from "../../src/service/commands.ts"
import { createPrincipal, updatePrincipal } from "../../src/service/principals.ts"
import type { PrincipalRecord } from "../../src/domain/principal.ts"
import { signWithSdk } from "../support/aws-signer.ts"
import { memoryStack } from "../support/stack.ts"

const name = "cks.kms.eu-central-1.amazonaws.com"
const service = "kms-xks-proxy"
let world: Awaited<ReturnType<typeof memoryStack>>
before(async () => {
  world = await memoryStack()
})
after(async () => {
  await world.stack.stop()
  await world.stack.cluster.remove()
})

interface Made {
  readonly principal: PrincipalRecord
  readonly accessKey: ShownAccessKey
}

async function newStore(label: string, keyStore: KeyStorePolicy): Promise<Made> {
  const { principal, accessKey } = await createPrincipal(world.stack.ports, world.as("officer"), {
    name: label,
    roles: ["user"],
    keyStore,
    credential: { kind: "access-key" },
  })
  assert.ok(accessKey !== undefined)
  return { principal, accessKey }
}

async function come({ accessKey }: Made, clientName?: string): Promise<SignedCaller> {
  const { operational, clock } = world.stack
  const body = Buffer.from("{}")
  const unsigned = { method: "POST", path: "/x", headers: { host: "localhost" }, body }
  const made = await signWithSdk(unsigned, { ...accessKey, service, at: clock.now() })
  const headers = new Map(
    Object.entries(made).map(([header, value]) => [header.toLowerCase(), value] as const),
  )
  const request = {
    method: "POST",
    path: "/x",
    query: "",
    header: (one: string) => headers.get(one),
  }
  return await operational.authenticator.authenticateSigned({
    request: { ...request, body },
    service,
    headers: ["host"],
    address: "192.0.2.1",
    clientName,
  })
}

const refused = { code: "UNAUTHENTICATED" }

test("a client of one of the names comes in, any other and none does not", async () => {
  const store = await newStore("named", { clientNames: [name, "cks.kms.*.example"] })
  for (const good of [name, "cks.kms.eu-west-1.example"]) {
    assert.equal((await come(store, good)).caller.subject, store.principal.id)
  }
  for (const bad of [undefined, "", "cks.kms.us-east-1.amazonaws.com", `${name}.org`]) {
    await assert.rejects(come(store, bad), refused)
  }
})

test("a name is no replacement for the signature", async () => {
  const store = await newStore("signed", { clientNames: [name] })
  const secretAccessKey = "x".repeat(43)
  const forged = { ...store, accessKey: { ...store.accessKey, secretAccessKey } }
  await assert.rejects(come(forged, name), refused)
})

test("what a policy asks of clients holds from the next request on", async () => {
  const store = await newStore("changing", {})
  await come(store)
  const change = async (keyStore: KeyStorePolicy): Promise<void> => {
    const command = { principal: store.principal.id, keyStore }
    await updatePrincipal(world.stack.ports, world.as("officer"), command)
  }
  await change({ clientNames: [name] })
  await assert.rejects(come(store), refused)
  await change({ clientNames: [] })
  await assert.rejects(come(store, name), refused)
  await change({})
  await come(store)
})
