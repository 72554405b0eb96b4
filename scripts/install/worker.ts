/** For workerd, which runs a bundle with worker.capnp. */
import { lifeOfKey, type Place } from './life-of-key.ts'

// biome-ignore lint/style/noDefaultExport: workerd takes its handlers from there
export default {
  async test(_controller: unknown, place: Place): Promise<void> {
    await lifeOfKey(place)
    console.log(`ok    ${navigator.userAgent}`)
  },
}
