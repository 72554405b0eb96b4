/** Something to search: a file of the working tree, or one that is staged. */
export interface Source {
  name: string
  /** Its bytes, in pieces. Throws an error with a system `code` when it cannot be read. */
  read: () => AsyncIterable<Uint8Array>
}
