/**
 * `keyhold unseal`: brings one share to a sealed node. The node must prove, before a password is
 * even asked, that it is one which the share pins; the share leaves this machine sealed to that
 * node's importer key alone.
 */

import type { SealStatus } from "@keyhold/sdk"
import { readFile } from "node:fs/promises"

import { decodeBase64 } from "../codec/base64.ts"
import { checkNode, sealShareForNode, type ImporterOffer } from "../sealing/custodian.ts"
import { orExplain } from "./ceremony.ts"
import type { CliContext, Command } from "./command.ts"
import { CliError } from "./failure.ts"
import type { Input } from "./input.ts"
import { passwordOption, readPassword } from "./password.ts"

/** A row of the command table. */
export const unsealCommand: Command = {
  usage: "unseal <share>",
  summary: "Bring a custodian's share to a sealed node",
  description:
    "Checks that the node is one which the share pins, encrypts the share to that node on this " +
    "machine, and sends it. No token is needed.",
  required: [["--key <file>", "the custodian's key file"]],
  options: [passwordOption],
  example: "keyhold unseal share-anna.khs --key anna.khc --url https://hsm.example:8443",
  run: unseal,
}

interface Files {
  readonly share: string
  readonly key: string
  readonly keyFile: string
}

async function unseal(context: CliContext, input: Input): Promise<void> {
  const share = await readFile(input.text("share"), "utf8")
  const keyFile = input.text("key")
  const key = await readFile(keyFile, "utf8")
  const client = await context.connect()
  const found = await client.call("sealStatus")
  let status = found
  if (found.sealed) {
    const sealed = await sealShare(context, input, { share, key, keyFile }, found)
    status = await client.call("unseal", { body: { share: sealed.toBase64() } })
  }
  await context.out.record(status, [
    ["node", (item) => item.nodeId],
    ["state", (item) => item.state],
    ["shares", (item) => (item.sealed ? `${item.sharesReceived} of ${item.threshold}` : "")],
  ])
}

/** Judges the node first, then asks for the password, then seals the share to the node. */
async function sealShare(
  context: CliContext,
  input: Input,
  { share, key, keyFile }: Files,
  status: SealStatus,
): Promise<Uint8Array> {
  const offer = await orExplain(readOffer(share, status))
  using password = await readPassword(context, input, [`Password of ${keyFile}:`])
  return await orExplain(sealShareForNode({ share, key, password }, offer, Date.now()))
}

/** Decodes what the node says of itself, and judges it against the share. */
async function readOffer(share: string, status: SealStatus): Promise<ImporterOffer> {
  const { clusterId, nodeId, importerKey, importerSignature } = status
  if (importerKey === undefined || importerSignature === undefined) {
    throw new CliError("USAGE", "this node takes no shares: its master key opens without people")
  }
  const offer = {
    clusterId,
    nodeId,
    nodeKey: decodeBase64(status.nodeKey, "nodeKey"),
    importerKey: decodeBase64(importerKey, "importerKey"),
    importerSignature: decodeBase64(importerSignature, "importerSignature"),
  }
  checkNode(share, offer, Date.now())
  return offer
}
