/**
 * `post-sockets`: carriers of messages over raced, secured connections.
 *
 * ```ts
 * import { initiate, lines } from 'post-sockets'
 *
 * await using carrier = await initiate('tcp://localhost:3005', { protocol: lines() })
 * await carrier.send('hello')
 * for await (const { content } of carrier) console.log(content)
 * ```
 */

import './wiring.ts';

export { type ErrorCode, errorCodes, PostSocketsError } from '../base/errors.ts';
export { fileStore } from '../post/association/file-store.ts';
export { memoryStore } from '../post/association/memory-store.ts';
export type { AssociationStore } from '../post/association/store.ts';
export { Association, type AssociationOptions } from '../post/carrier/association.ts';
export {
	Carrier,
	type CarrierAssociation,
	type QueuedMessage,
	type SettableProperties,
	type UpgradeOptions,
} from '../post/carrier/carrier.ts';
export type { CarrierEvents, CarrierState, CloseReason } from '../post/carrier/events.ts';
export { initiate } from '../post/carrier/initiate.ts';
export type { CarrierLimits } from '../post/carrier/limits.ts';
export { type ListenOptions, listen } from '../post/carrier/listen.ts';
export { Listener, type ListenerLimits } from '../post/carrier/listener.ts';
export type { CarrierMaking, ForkOptions, InitiateOptions } from '../post/carrier/options.ts';
export { Path } from '../post/carrier/path.ts';
export type { PeerLimits } from '../post/carrier/peers.ts';
export { Received, type ReceiveOptions } from '../post/carrier/received.ts';
export type { OnMessageOptions } from '../post/carrier/receiver.ts';
export type { ReconnectOptions } from '../post/carrier/reconnect.ts';
export type { RequestOptions } from '../post/carrier/requests.ts';
export { type Reply, type Respond, type Responder, type RespondOptions, respond } from '../post/carrier/respond.ts';
export { Sending, type SendOutcome } from '../post/carrier/sending.ts';
export { Sink, type SinkOptions, sink } from '../post/carrier/sink.ts';
export { Source, type SourceOptions, source } from '../post/carrier/source.ts';
export type { SendProperties } from '../post/carrier/terms.ts';
export { Transient } from '../post/carrier/transient.ts';
export { Local, type LocalInit, type LocalLike } from '../post/endpoint/local.ts';
export { Remote, type RemoteInit, type RemoteLike, type ResolveOptions } from '../post/endpoint/remote.ts';
export type { Codec, TwoSidedCodec } from '../post/message/codec.ts';
export { codec } from '../post/message/codecs.ts';
export type {
	Frame,
	FrameInput,
	FrameOutput,
	FrameProperties,
	Framer,
	Framing,
	PartialFrame,
} from '../post/message/framer.ts';
export { frame } from '../post/message/framing.ts';
export {
	type Correlation,
	messages,
	type Protocol,
	type ProtocolOptions,
	type TwoSidedProtocol,
} from '../post/message/protocol.ts';
export { lines } from '../post/message/text-lines.ts';
export type { Availability, Capabilities, Capability } from '../post/policy/capabilities.ts';
export type { Policy } from '../post/policy/policy.ts';
export { profiles } from '../post/policy/profiles.ts';
export type { Identity, Peer, PeerCertificate, PreSharedKey, Security, SecurityInfo } from '../post/policy/security.ts';
export { type SelfSigned, type SelfSignedOptions, selfSigned } from '../post/policy/self-signed.ts';
export { EstablishmentError } from '../post/race/failure.ts';
export type { Prefer, RaceCandidate } from '../post/race/prefer.ts';
export type { AttemptReport, QueryReport, RaceReport } from '../post/race/report.ts';
export type { RaceLimits, RaceTiming, RacingMode } from '../post/race/timing.ts';
export type { RaceTrace } from '../post/race/trace.ts';
export { type SupportedSecurity, supportedSecurity } from '../post/transport/supported-security.ts';
export type { TransportFeatures } from '../post/transport/transport.ts';
export type { AddressRecord, Answer, AnswerStatus, RecordType, Resolver } from '../stack/resolver.ts';
