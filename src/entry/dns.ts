/**
 * `post-sockets/dns`: a stub resolver over any stack, and the messages it speaks. Carriers do not use it yet.
 *
 * ```ts
 * import { kernel } from 'post-sockets/stack'
 * import { stubResolver } from 'post-sockets/dns'
 *
 * const resolver = stubResolver({ stack: kernel(), servers: ['192.0.2.53'] })
 * const { records } = await resolver.records('example.com', 'HTTPS', AbortSignal.timeout(5_000))
 * ```
 */

export { parseHosts } from '../dns/hosts.ts';
export type { StaleLimits, StubLimits, StubResolverOptions } from '../dns/options.ts';
export { parseResolvConf, parseServer, type ResolvConf } from '../dns/resolv-conf.ts';
export { type StubResolver, stubResolver } from '../dns/resolver.ts';
export type { RecordAnswer, RecordResolver } from '../stack/resolver.ts';
export { emitMessage, type Message, parseMessage } from '../wire/dns/message.ts';
