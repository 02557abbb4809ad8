/** The shape of a route: request to command, one service, result to body. */

import type { Context } from "../../service/commands.ts"
import type { Ports } from "../../service/ports.ts"
import type { Operations, OperationId } from "./api.generated.ts"
import type { Services } from "./services.ts"

/** Who calls, and what he is served with. */
export interface Call {
  readonly services: Services
  readonly ports: Ports
  readonly context: Context
}

/** What has passed an operation's validators. */
export interface Request<Id extends OperationId> {
  readonly params: Operations[Id]["params"]
  readonly body: Operations[Id]["body"]
}

/** An operation's body on the wire. */
export type Response<Id extends OperationId> = Operations[Id]["response"]

/** Runs one operation. */
export type Handler<Id extends OperationId> = (
  call: Call,
  request: Request<Id>,
) => Promise<Response<Id>>

/** Answered without a caller, while sealed too. */
export type SystemId =
  | "live"
  | "ready"
  | "metrics"
  | "explorer"
  | "openapi"
  | "version"
  | "algorithms"
  | "sealStatus"
  | "unseal"

/** Answered by running other operations' routes. */
export type CompositeId = "batch" | "createRequest" | "stampCall" | "makeCall"

/** One operation, one service. */
export type RoutedId = Exclude<OperationId, SystemId | CompositeId>

/** A part of the table of routes. */
export type Routes<Id extends RoutedId> = { readonly [One in Id]: Handler<One> }

/** The third argument of a service. */
type Command<Name extends keyof Services> = Parameters<Services[Name]>[2]
type Result<Name extends keyof Services> = Awaited<ReturnType<Services[Name]>>

/** A route, and its steps apart: a request for approvals takes the first now, the last later. */
export interface Route<Name extends keyof Services, Asked, Answer> {
  (call: Call, request: Asked): Promise<Answer>
  readonly service: Name
  readonly parse: (request: Asked) => Command<Name>
  readonly render: (result: Result<Name>) => Answer
}

/** A route of which only the name is known; those that are no such thing have no service. */
export interface AnyRoute {
  readonly service?: keyof Services
  readonly parse: (request: object) => object
  readonly render: (result: object) => unknown
}

/**
 * Joins the three steps of a route.
 *
 * @param service - by its name in the table, so that a test can put another one there.
 */
export function route<const Name extends keyof Services, Asked, Answer>(
  service: Name,
  parse: (request: Asked) => Command<Name>,
  render: (result: Result<Name>) => Answer,
): Route<Name, Asked, Answer> {
  const run = async ({ services, ports, context }: Call, request: Asked): Promise<Answer> => {
    // The table's entry takes the command that `parse` makes: TypeScript does not follow one name
    // through a union of functions.
    const serve = services[service] as unknown as Run<Command<Name>, Result<Name>>
    return render(await serve(ports, context, parse(request)))
  }
  return Object.assign(run, { service, parse, render })
}

type Run<C, R> = (ports: Ports, context: Context, command: C) => Promise<R>

/** For services without a command. */
export function nothing(): undefined {
  return undefined
}
