/** A cluster with a past: what an attacker of its database would like to bring back. */

import { join } from "node:path"

import type { KeyId, PartitionId } from "../../src/domain/ids.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { encrypt } from "../../src/service/encrypt.ts"
import { updatePartition } from "../../src/service/partition.ts"
import { createPrincipal, updatePrincipal } from "../../src/service/principals.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { disableKey } from "../../src/service/update-key.ts"
import {
  contextOf,
  copyCluster,
  foundCluster,
  newPartition,
  openCluster,
  type Cluster,
  type Stack,
} from "../support/stack.ts"

export interface Victim {
  /** Stopped, with the anchor file of an orderly stop. */
  readonly cluster: Cluster
  /** The same, stopped earlier. */
  readonly earlier: Cluster
  readonly a: PartitionId
  readonly b: PartitionId
  /** Two versions since; active. */
  readonly orders: KeyId
  /** Active; never changed. */
  readonly second: KeyId
  /** Active earlier, disabled now. */
  readonly paused: KeyId
  /** Active earlier, destroyed now. */
  readonly gone: KeyId
  /** In partition b. */
  readonly foreign: KeyId
  /** Ciphertexts of `orders`, `paused` and `gone`, all made earlier. */
  readonly ciphertexts: Readonly<Record<"orders" | "paused" | "gone", Uint8Array>>
  /** A manager earlier, a user now; and somebody else. */
  readonly principal: { readonly id: string; readonly token: string }
  readonly stranger: { readonly id: string; readonly token: string }
  remove(): Promise<void>
}

/** Lives through an earlier time, is copied, and lives on. */
export async function makeVictim(): Promise<Victim> {
  const cluster = await foundCluster()
  const stack = await openCluster(cluster)
  const a = await newPartition(stack, "a", { flags: { plainExport: true } })
  const b = await newPartition(stack, "b")
  const key = async (name: string, partition = a): Promise<KeyId> => {
    const manager = contextOf("manager", partition)
    return (await createKey(stack.ports, manager, { name, algorithm: "AES_256" })).id
  }
  const sealed = async (name: string): Promise<Uint8Array> => {
    const command = { key: name, plaintext: Buffer.from(name) }
    return (await encrypt(stack.ports, contextOf("user", a), command)).ciphertext
  }
  const orders = await key("orders")
  const made = {
    a,
    b,
    orders,
    second: await key("second"),
    paused: await key("paused"),
    gone: await key("gone"),
    foreign: await key("foreign", b),
    principal: await principal(stack, a, "application"),
    stranger: await principal(stack, a, "stranger"),
  }
  const ciphertexts = {
    orders: await sealed("orders"),
    paused: await sealed("paused"),
    gone: await sealed("gone"),
  }
  await stack.stop({ anchored: true })
  const earlier = await copyCluster(cluster)
  await liveOn(cluster, made)
  const remove = async (): Promise<void> => {
    await cluster.remove()
    await earlier.remove()
  }
  return { cluster, earlier, ...made, ciphertexts, remove }
}

async function liveOn(cluster: Cluster, made: Pick<Victim, "a" | "principal">): Promise<void> {
  const stack = await openCluster(cluster)
  const { ports } = stack
  const manager = contextOf("manager", made.a)
  await rotateKey(ports, manager, { key: "orders" })
  await disableKey(ports, manager, { key: "paused" })
  await deleteKey(ports, manager, { key: "gone", windowMs: 0 })
  await updatePartition(ports, contextOf("officer", made.a), { flags: { plainExport: false } })
  const { id } = made.principal
  const officer = contextOf("officer", made.a)
  const known = { principal: id as Parameters<typeof updatePrincipal>[2]["principal"] }
  await updatePrincipal(ports, officer, { ...known, roles: ["user"] })
  await stack.stop({ anchored: true })
}

async function principal({ ports }: Stack, partition: PartitionId, name: string) {
  const { principal: made, token = "" } = await createPrincipal(
    ports,
    contextOf("officer", partition),
    { name, roles: ["manager"], credential: { kind: "token" } },
  )
  return { id: made.id, token }
}

/** The bucket table of a partition's first sixty-four records: all of this victim's. */
export function onlyTable(partition: PartitionId): string {
  return join("p", partition, "b", "00000000")
}
