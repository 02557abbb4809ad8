/** What an operator does to the node as a whole. */

import { perform, recordDone } from "./act.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"

/** Forgets all keys at once. The record is durable before the keys are gone. */
export async function sealNode(ports: Ports, context: Context): Promise<void> {
  await perform(ports, context, { operation: "cluster.seal" }, () => {})
  await ports.node.seal()
}

/** Begins a new epoch and destroys the roots of the older ones: deleted keys are shredded. */
export async function shred(
  ports: Ports,
  context: Context,
): Promise<{ readonly epoch: number; readonly destroyedEpochs: readonly number[] }> {
  return await perform(ports, context, { operation: "cluster.shred" }, async (act) => {
    const { epoch, destroyed } = await ports.node.rotateEpoch()
    await recordDone(ports, act, {
      note: `epoch ${epoch}; destroyed ${destroyed.join(", ")}`,
      committed: { rev: 0, writes: [] },
    })
    return { epoch, destroyedEpochs: destroyed }
  })
}
