/** What is measured, against what, and for how long. */

/** One case: how a request looks, and what its figures are compared with. */
export interface Case {
  readonly name: string
  readonly work: Work
  /** Operations in one request. */
  readonly items: number
  /** How it is asked; HTTP/1.1 has one request at a time on each connection. */
  readonly over: "http1" | "http2" | "frames"
  readonly connections: number
  /** Requests at once on each connection; 1 with HTTP/1.1. */
  readonly inFlight: number
  /** What one operation is compared with, and the ratio that the project aims for. */
  readonly against: readonly Comparison[]
}

/** The first three are ceilings; all others are asked of the node. */
export const works = [
  "echo",
  "tls",
  "nginx",
  "encrypt-xaes",
  "encrypt-gcm",
  "decrypt-oaep",
  "sign-p256",
  "sign-p256-digest",
  "sign-rsa",
  "sign-rsa-3072",
  "sign-ed25519",
  "sign-ml-dsa-65",
  "create",
] as const
export type Work = (typeof works)[number]
export type NodeWork = Exclude<Work, Ceiling>
export type Ceiling = "echo" | "tls" | "nginx"

export function isCeiling(work: Work): work is Ceiling {
  return work === "echo" || work === "tls" || work === "nginx"
}

export interface Comparison {
  readonly base: Base
  /** Of operations per CPU-second, or per second where the disk is what is compared. */
  readonly by: "cpu" | "wall"
  readonly target?: number
}

/** A ceiling of the same run, or a bare primitive by its name. */
export type Base = "echo" | "nginx" | Primitive

export const primitives = [
  "node:crypto AES-256-GCM 64 B",
  "node:crypto P-256 sign",
  "node:crypto RSA-2048 sign",
  "node:crypto RSA-3072 sign",
  "node:crypto RSA-2048 OAEP decrypt",
  "node:crypto Ed25519 sign",
  "node:crypto ML-DSA-65 sign",
  "SQLite durable transaction",
  "openssl AES-256-GCM 64 B",
  "openssl P-256 sign",
  "openssl RSA-2048 sign",
] as const
export type Primitive = (typeof primitives)[number]

/** Connections of requests with one operation. */
const crowd = 32
/** Of batches: enough to keep the server busy, few enough that a window holds many answers. */
const batchCrowd = 8
const batch = 100
/** A batch of RSA takes a tenth of a second: more in flight would only wait. */
const slowBatchCrowd = 2

/** Frames: a few connections, each with many calls at once. */
const frameConnections = 8
const frameInFlight = 32
/** HTTP/2: four connections with eight streams each. */
const streamConnections = 4
const streams = 8

export const cases: readonly Case[] = [
  single("bare node:https JSON echo", "echo", []),
  single("bare node:tls, a fixed answer", "tls", [{ base: "echo", by: "cpu" }]),
  single("nginx TLS, static answer", "nginx", [{ base: "echo", by: "cpu" }]),
  single("encrypt 64 B, XAES-256-GCM", "encrypt-xaes", [
    { base: "echo", by: "cpu", target: 1.2 },
    { base: "nginx", by: "cpu", target: 0.3 },
  ]),
  {
    ...single("encrypt 64 B, XAES-256-GCM", "encrypt-xaes", [
      { base: "echo", by: "cpu", target: 1.1 },
    ]),
    name: "encrypt 64 B, XAES-256-GCM, HTTP/2",
    over: "http2",
    connections: streamConnections,
    inFlight: streams,
  },
  framed("encrypt 64 B, XAES-256-GCM", "encrypt-xaes", [{ base: "echo", by: "cpu", target: 10 }]),
  single("encrypt 64 B, AES-256-GCM", "encrypt-gcm", [
    { base: "echo", by: "cpu" },
    { base: "node:crypto AES-256-GCM 64 B", by: "cpu" },
    { base: "openssl AES-256-GCM 64 B", by: "cpu" },
  ]),
  single("sign P-256", "sign-p256", [{ base: "echo", by: "cpu", target: 0.65 }]),
  single("sign P-256, digest", "sign-p256-digest", [{ base: "echo", by: "cpu", target: 0.65 }]),
  framed("sign P-256", "sign-p256", [{ base: "openssl P-256 sign", by: "cpu", target: 0.85 }]),
  single("create an AES key", "create", [
    { base: "SQLite durable transaction", by: "wall", target: 0.5 },
  ]),
  batched("encrypt 64 B, XAES-256-GCM", "encrypt-xaes", batchCrowd, [
    { base: "echo", by: "cpu", target: 25 },
  ]),
  batched("encrypt 64 B, AES-256-GCM", "encrypt-gcm", batchCrowd, [
    { base: "echo", by: "cpu" },
    { base: "node:crypto AES-256-GCM 64 B", by: "cpu" },
  ]),
  batched("sign P-256", "sign-p256", batchCrowd, [
    { base: "openssl P-256 sign", by: "cpu", target: 0.85 },
  ]),
  batched("sign RSA-2048", "sign-rsa", slowBatchCrowd, [
    { base: "node:crypto RSA-2048 sign", by: "cpu", target: 0.92 },
  ]),
  batched("sign RSA-3072", "sign-rsa-3072", slowBatchCrowd, [
    { base: "node:crypto RSA-3072 sign", by: "cpu", target: 0.92 },
  ]),
  batched("decrypt RSA-2048 OAEP", "decrypt-oaep", slowBatchCrowd, [
    { base: "node:crypto RSA-2048 OAEP decrypt", by: "cpu", target: 0.92 },
  ]),
  batched("sign ML-DSA-65", "sign-ml-dsa-65", slowBatchCrowd, [
    { base: "node:crypto ML-DSA-65 sign", by: "cpu", target: 0.92 },
  ]),
  batched("sign Ed25519", "sign-ed25519", batchCrowd, [
    { base: "node:crypto Ed25519 sign", by: "cpu", target: 0.85 },
  ]),
  batched("create an AES key", "create", batchCrowd, [
    { base: "SQLite durable transaction", by: "wall", target: 5 },
  ]),
]

function framed(name: string, work: NodeWork, against: Case["against"]): Case {
  const [connections, inFlight] = [frameConnections, frameInFlight]
  return { name: `${name}, frames`, work, items: 1, over: "frames", connections, inFlight, against }
}

function single(name: string, work: Work, against: Case["against"]): Case {
  return { name, work, items: 1, over: "http1", connections: crowd, inFlight: 1, against }
}

function batched(name: string, work: Work, connections: number, against: Case["against"]): Case {
  const asked = { over: "http1", connections, inFlight: 1 } as const
  return { name: `${name}, batch of ${batch}`, work, items: batch, ...asked, against }
}

/** How long everything takes. */
export interface Pace {
  readonly runs: number
  /** Once per case, before the first round: until V8 has compiled what is hot. */
  readonly firstWarmMs: number
  /** Before each measurement, with the same load. */
  readonly warmMs: number
  readonly measureMs: number
  /** Of each bare primitive. */
  readonly primitiveMs: number
}

/** `npm run bench`: some eight minutes. */
export const fullPace: Pace = {
  runs: 5,
  firstWarmMs: 12_000,
  warmMs: 500,
  measureMs: 2_500,
  primitiveMs: 500,
}
