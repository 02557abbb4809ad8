/**
 * Uses, and new keys, that requests of their own ask for in one turn of the event loop: those of
 * one caller that ask alike go together, as those of a batch do, and their record names all of
 * these requests.
 */

import { limits } from "../domain/limits.ts"
import type { KeyRecord } from "../domain/key.ts"
import { Failed, type Outcome } from "../domain/outcome.ts"
import type { Caller } from "../domain/principal.ts"
import type {
  Context,
  CreateKeyCommand,
  DecryptCommand,
  DecryptResult,
  EncryptCommand,
  EncryptResult,
  MacCommand,
  SignCommand,
  SignResult,
} from "./commands.ts"
import * as creation from "./create-key.ts"
import * as encryption from "./encrypt.ts"
import type { Ports, UsePorts } from "./ports.ts"
import * as signing from "./sign.ts"
import { joinAlike, useAlike, useGroup, type Asked, type AlikeService } from "./use-alike.ts"

type Service<C, R, P = UsePorts> = (ports: P, context: Context, command: C) => Promise<R>

/** As the services of their names, which say what each takes and throws. */
export const encrypt: Service<EncryptCommand, EncryptResult> = together(
  "encrypt",
  encryption.encrypt,
)
export const decrypt: Service<DecryptCommand, DecryptResult> = together(
  "decrypt",
  encryption.decrypt,
)
export const sign: Service<SignCommand, SignResult> = together("sign", signing.sign)
export const mac: Service<MacCommand, SignResult> = together("mac", signing.mac)
export const createKey: Service<CreateKeyCommand, KeyRecord, Ports> = together(
  "createKey",
  creation.createKey,
)

/** A use that waits for the end of its turn; `settle` with undefined: it goes alone. */
interface Waiting {
  readonly context: Context
  readonly asked: Asked
  readonly settle: (outcome: Outcome<object> | undefined) => void
}

/** What this turn has brought so far, by whom, under which node's ports. */
type Turn = Map<Caller, Waiting[][]>
const turns = new Map<UsePorts, Turn>()

function together<C extends object, R extends object, P extends UsePorts>(
  service: AlikeService,
  alone: Service<C, R, P>,
): Service<C, R, P> {
  return async (ports, context, command) => {
    if (!isPlain(context)) return await alone(ports, context, command)
    const outcome = await waitInTurn(ports, context, { service, command })
    if (outcome === undefined) return await alone(ports, context, command)
    if (outcome instanceof Failed) throw outcome.error
    return outcome as R // Of this very service.
  }
}

/** A request that says no more than who asks: not a part of another, nor under approvals. */
function isPlain({ within, dryRun, told, toldOf, proceeding }: Context): boolean {
  const said = within ?? dryRun ?? told ?? toldOf ?? proceeding
  return said === undefined
}

function waitInTurn(
  ports: UsePorts,
  context: Context,
  asked: Asked,
): Promise<Outcome<object> | undefined> {
  return new Promise((settle) => {
    const turn = turns.get(ports) ?? beginTurn(ports)
    const groups = turn.get(context.caller)
    if (groups === undefined) turn.set(context.caller, [[{ context, asked, settle }]])
    else joinAlike(groups, { context, asked, settle })
  })
}

function beginTurn(ports: UsePorts): Turn {
  const turn: Turn = new Map()
  turns.set(ports, turn)
  // Runs when all promises of this turn have been followed, and before the loop goes on: between
  // a look at a caller and what he is allowed, nothing is applied.
  process.nextTick(() => {
    turns.delete(ports)
    for (const groups of turn.values()) {
      for (const group of groups) {
        for (let at = 0; at < group.length; at += limits.togetherMax) {
          void runTogether(ports, group.slice(at, at + limits.togetherMax))
        }
      }
    }
  })
  return turn
}

/** Never rejects. */
async function runTogether(ports: UsePorts, group: readonly Waiting[]): Promise<void> {
  const [first] = group
  const outcomes =
    first &&
    (await useGroup(group, (uses) => {
      const { context } = first
      const requestIdOf = (at: number): string => (group[at] ?? first).context.requestId
      // Whoever asks for a service has what it works with: its own type says so.
      return useAlike(ports as Ports, { ...uses, context, requestIdOf })
    }))
  for (const [at, { settle }] of group.entries()) settle(outcomes?.[at])
}
