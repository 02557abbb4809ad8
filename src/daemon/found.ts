/** `keyhold init` with the real store, clock and randomness. */

import { foundStore } from "./bootstrap.ts"
import { initCluster, type InitReport, type InitRequest } from "./init.ts"
import { systemClock, systemRandom } from "./system.ts"

/**
 * Founds a cluster on this machine.
 *
 * @throws HsmError as {@link initCluster}.
 */
export async function foundCluster(request: InitRequest): Promise<InitReport> {
  const ports = { random: systemRandom, clock: systemClock(), bootstrap: foundStore }
  return await initCluster(ports, request)
}
