/**
 * What `perform` knows of the request that an operation runs under: the approvals that count for
 * it, and the end of the request, which goes into the commit of what the operation changes.
 */

import { HsmError } from "../domain/errors.ts"
import type { MechanismId } from "../domain/algorithms.ts"
import type { Question } from "../domain/policy.ts"
import type { RequestKey } from "../domain/request.ts"
import { isSameKey } from "../domain/request.ts"
import type { RuleVerdict } from "../domain/rule.ts"
import type { Approvals } from "../domain/ruling.ts"
import type { Transaction } from "../records/committer.ts"
import type { RequestableId } from "./requestable.ts"

/** The commit that ends a request, as far as the operation itself does not make it. */
export type Ending = Pick<Transaction, "changes" | "claims" | "rows">

export interface ProceedingParts {
  readonly operation: RequestableId
  /** Those that count; a function verifies them for the very question that is decided. */
  readonly approvals: Approvals | ((question: Question) => Approvals)
  /** What was approved; absent while a request is being made. */
  readonly approved?: {
    readonly key: RequestKey | undefined
    readonly mechanism: MechanismId | undefined
    readonly ruleHash: string
    /** Hash of the rule that a question has to meet. */
    readonly hashRule: (question: Question) => string
  }
  /** The rows that say what became of the request. */
  readonly end: (question: Question, result: object) => Ending
}

export class Proceeding {
  readonly operation: RequestableId
  readonly #parts: ProceedingParts
  /** The question that was decided; set by `perform`, which runs once in a proceeding. */
  question: Question | undefined
  /** What is missing; set when the decision is pending. */
  verdict: RuleVerdict | undefined
  #ended = false

  constructor(parts: ProceedingParts) {
    this.operation = parts.operation
    this.#parts = parts
  }

  /** True when the operation's own commit has taken the end of the request with it. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * Adds the approvals to the question that they were given for.
   *
   * @throws HsmError KEY_STATE when what was approved is not what would be done: another key under
   * the name, a new version, another mechanism, changed rules.
   */
  attend(question: Question): Question {
    if (question.operation !== this.operation) return question
    const { approvals, approved } = this.#parts
    if (approved !== undefined) {
      const { key, mechanism, ruleHash, hashRule } = approved
      const sameKey = key === undefined || (question.key && isSameKey(key, question.key)) === true
      if (!sameKey || question.mechanism !== mechanism || hashRule(question) !== ruleHash) {
        throw new HsmError("KEY_STATE", "the key or its rules have changed since it was asked for")
      }
    }
    const counted = typeof approvals === "function" ? approvals(question) : approvals
    const attended = { ...question, approvals: counted }
    this.question = attended
    return attended
  }

  /** For the commit of an operation that changes something: the request ends with it. */
  end(operation: Question["operation"], result: object): Ending {
    if (operation !== this.operation || this.question === undefined) return { changes: [] }
    this.#ended = true
    return this.#parts.end(this.question, result)
  }
}
