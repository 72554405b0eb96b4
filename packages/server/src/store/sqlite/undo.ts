/** Thrown inside a savepoint to undo it; the value is the outcome that the caller gets. */
export class Undo extends Error {
  readonly outcome: string
  constructor(outcome: string) {
    super(outcome)
    this.outcome = outcome
  }
}
