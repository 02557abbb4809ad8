/**
 * Other key services, measured with the same load when somebody gives their URL. Nothing here
 * starts or builds one, and of a foreign process no CPU time is known: only wall-clock figures.
 */

import { readFileSync } from "node:fs"

import type { RequestParts } from "./http.ts"
import type { Job } from "./load.ts"
import type { Work } from "./plan.ts"

/** How one kind of peer is asked. */
export interface Peer {
  /** The request of a work with one or many items; undefined when the peer has no such call. */
  request(work: Work, items: number): RequestParts | undefined
}

const sample = Buffer.alloc(64, "keyhold").toString("base64")

/**
 * The HTTP API of a transit secrets engine, mounted at `transit`, with keys `bench-aes`
 * (aes256-gcm96), `bench-p256` (ecdsa-p256) and `bench-rsa` (rsa-2048); its token in VAULT_TOKEN.
 */
const vaultTransit: Peer = {
  request(work, items) {
    const call = transitCalls[work]
    if (call === undefined) return undefined
    const { path, item } = call
    const body = items === 1 ? item : { batch_input: Array.from({ length: items }, () => item) }
    const headers = { "x-vault-token": process.env["VAULT_TOKEN"] ?? "" }
    return { method: "POST", path: `/v1/transit/${path}`, headers, body: JSON.stringify(body) }
  },
}

const transitCalls: Partial<Record<Work, { path: string; item: object }>> = {
  "encrypt-gcm": { path: "encrypt/bench-aes", item: { plaintext: sample } },
  "sign-p256": { path: "sign/bench-p256/sha2-256", item: { input: sample } },
  "sign-rsa": {
    path: "sign/bench-rsa/sha2-256",
    item: { input: sample, signature_algorithm: "pkcs1v15" },
  },
}

const peers: Readonly<Record<string, Peer>> = { vault: vaultTransit }

/** A peer as the command line names it: `vault=https://host:8200`. */
export interface NamedPeer {
  readonly name: string
  readonly peer: Peer
  readonly at: Pick<Job, "url" | "ca">
}

/** @param caFile - PEM of the authority of an `https:` URL. Throws on an unknown peer. */
export function readPeer(text: string, caFile: string | undefined): NamedPeer {
  const [name = "", url = ""] = text.split(/=(.*)/s)
  const peer = peers[name]
  if (peer === undefined) throw new Error(`peers are: ${Object.keys(peers).join(", ")}`)
  const ca = caFile === undefined ? undefined : readFileSync(caFile, "utf8")
  return { name, peer, at: { url: new URL(url).origin, ca } }
}
