/** `keyhold timestamp ...`: of a file whose digest alone leaves; addresses for other clients. */

import { createHash } from "node:crypto"

import { encodeBase64 } from "@keyhold/sdk"
import { timestampHashes, type TimestampHash } from "../../codec/timestamp-query.ts"
import { outputOption, type Command } from "../command.ts"
import { emit, emitOptions } from "../emit.ts"
import { CliError } from "../failure.ts"
import { openSource } from "../input.ts"

const hashNames = {
  SHA_256: "sha256",
  SHA_384: "sha384",
  SHA_512: "sha512",
  SHA3_256: "sha3-256",
  SHA3_384: "sha3-384",
  SHA3_512: "sha3-512",
} as const satisfies Record<TimestampHash, string>

// The keys of a literal table are exactly its identifiers.
const hashes = Object.keys(timestampHashes) as readonly TimestampHash[]

export const timestampCommands: readonly Command[] = [
  {
    usage: "timestamp create [file]",
    summary: "Make a timestamp (RFC 3161) of a file",
    description:
      "What is written is a TimeStampResp, as openssl ts -verify reads it. Beside the key a " +
      "certificate lies that is for timestamps alone: certificate add.",
    required: [["--key <key>", "name or id"]],
    options: [
      ["--hash <hash>", `${hashes.join(", ")}; the first unless given`],
      ["--policy <oid>", "refused where it is not the one there is"],
      ["--bare", "leave out the key's certificates"],
      ...emitOptions,
    ],
    example: "keyhold timestamp create --key tsa report.pdf > report.pdf.tsr",
    async run({ out, stdin, connect }, input) {
      const hash = input.oneOf("hash", hashes) ?? "SHA_256"
      const digest = createHash(hashNames[hash])
      const { bytes } = await openSource(input.maybe("file"), stdin)
      for await (const piece of bytes) digest.update(piece)
      const body = {
        digest: encodeBase64(digest.digest()),
        hash,
        policy: input.maybe("policy"),
        certificates: !input.flag("bare"),
      }
      const kh = await connect()
      const ask = () => kh.call("createTimestamp", { params: { key: input.text("key") }, body })
      await emit({ out, input }, ask, ({ response }) => response)
    },
  },
  {
    usage: "timestamp open <name>",
    summary: "Make an address at which clients get timestamps without a credential",
    description:
      "A principal of that name, who can get timestamps by this key and nothing else; his token " +
      "stands in the address, and is shown this once. For jarsigner -tsa, osslsigncode -ts.",
    required: [["--key <key>", "name or id"]],
    options: [
      ["--address <range...>", "only from there, such as 10.0.0.0/8; repeat for several"],
      ["--life <time>", "until the address ends; 365d unless given"],
      outputOption,
    ],
    example: "keyhold timestamp open builds --key tsa --address 10.0.0.0/8 --life 730d",
    async run({ out, connect }, input) {
      const kh = await connect()
      const key = input.text("key")
      const { id } = await kh.call("getKey", { params: { key } })
      const body = {
        name: input.text("name"),
        roles: ["user"] as const,
        grants: [{ operations: ["key.timestamp"] as const, keyIds: [id] }],
        addresses: input.list("address"),
        credential: { kind: "token", lifeSeconds: input.seconds("life") } as const,
      }
      const { principal, token } = await kh.call("createPrincipal", { body })
      if (token === undefined) throw new CliError("FAILED", "his token was shown already")
      const address = `${kh.url}/tsp/${key}/${token}`
      out.note(
        `principal ${principal.name}: ${principal.id}; whoever has the address gets timestamps`,
      )
      const path = input.maybe("output")
      if (path === undefined) return out.document({ principal: principal.id, address }, address)
      await out.bytes([Buffer.from(`${address}\n`)], path)
    },
  },
]
