/** Which file has which commands: only the one that a command line names is loaded. */

import type { Command } from "./command.ts"

interface Group {
  /** First words of its commands. */
  readonly words: readonly string[]
  readonly load: () => Promise<readonly Command[]>
}

/** In the order of `keyhold --help`. */
export const groups: readonly Group[] = [
  {
    words: ["key"],
    load: async () => [
      ...(await import("./commands/key.ts")).keyCommands,
      ...(await import("./commands/key-life.ts")).keyLifeCommands,
      ...(await import("./commands/key-wrap.ts")).wrapCommands,
      ...(await import("./commands/chain.ts")).chainCommands,
    ],
  },
  {
    words: ["certificate"],
    load: async () => (await import("./commands/certificate.ts")).certificateCommands,
  },
  {
    words: ["encrypt", "decrypt"],
    load: async () => (await import("./commands/encrypt.ts")).encryptCommands,
  },
  {
    words: ["sign", "verify", "mac", "verify-mac"],
    load: async () => (await import("./commands/sign.ts")).signCommands,
  },
  {
    words: ["timestamp"],
    load: async () => (await import("./commands/timestamp.ts")).timestampCommands,
  },
  {
    words: ["encapsulate", "decapsulate", "agree"],
    load: async () => (await import("./commands/share-secret.ts")).secretCommands,
  },
  {
    words: ["data-key", "random", "batch"],
    load: async () => (await import("./commands/data.ts")).dataCommands,
  },
  {
    words: ["approve", "request", "call"],
    load: async () => (await import("./commands/request.ts")).requestCommands,
  },
  {
    words: ["approver"],
    load: async () => (await import("./commands/approver.ts")).approverCommands,
  },
  { words: ["webhook"], load: async () => (await import("./commands/webhook.ts")).webhookCommands },
  {
    words: ["principal"],
    load: async () => (await import("./commands/principal.ts")).principalCommands,
  },
  {
    words: ["key-store"],
    load: async () => (await import("./commands/key-store.ts")).keyStoreCommands,
  },
  { words: ["issuer"], load: async () => (await import("./commands/issuer.ts")).issuerCommands },
  {
    words: ["partition", "partitions"],
    load: async () => (await import("./commands/partition.ts")).partitionCommands,
  },
  { words: ["audit"], load: async () => (await import("./commands/audit.ts")).auditCommands },
  {
    words: ["whoami", "explain", "algorithms", "version", "status", "seal", "shred"],
    load: async () => (await import("./commands/node.ts")).nodeCommands,
  },
  { words: ["unseal"], load: async () => [(await import("./unseal.ts")).unsealCommand] },
  { words: ["custodian"], load: async () => (await import("./ceremony.ts")).custodianCommands },
  {
    words: ["completion"],
    load: async () => (await import("./commands/completion.ts")).completionCommands,
  },
]

/** The commands that a first word stands for; all of them when it is none, for help. */
export async function loadCommands(word: string | undefined): Promise<readonly Command[]> {
  const named = groups.filter(({ words }) => word !== undefined && words.includes(word))
  const wanted = named.length > 0 ? named : groups
  return (await Promise.all(wanted.map(({ load }) => load()))).flat()
}
