/** What a log is told of an error: no message, since one of another library may quote the request. */
export function describeFailure(error: unknown) {
  const { name, code, status, requestId } = Object(error)
  return { reason: typeof code === 'string' ? code : name, status, requestId }
}
