/** `post-sockets/stack`: the stacks, their contract, and their names. */

import './wiring.ts';

export { type Clock, systemClock, type Timer } from '../base/clock.ts';
export { type Random, seededRandom, systemRandom } from '../base/random.ts';
export {
	formatSocketAddress,
	type IpEndpoint,
	parseSocketAddress,
	type SocketAddress,
	type UnixEndpoint,
} from '../base/socket-address.ts';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from '../base/virtual-clock.ts';
export type { Flow, FlowHandler, FlowListener, FlowListenerHandler } from '../stack/flow.ts';
export { type FlowMetrics, type Measurable, metricsOf } from '../stack/metrics.ts';
export type { Port, PortHandler } from '../stack/port.ts';
export { defaultStack, mount, mounts, stackAt, unmount } from '../stack/registry.ts';
export type { AddressRecord, Answer, AnswerStatus, RecordType, Resolver } from '../stack/resolver.ts';
export type {
	Acceptor,
	BindOptions,
	ConnectOptions,
	Datagrams,
	Dialer,
	Interface,
	InterfaceChange,
	InterfaceType,
	ListenOptions,
	MulticastGroup,
	Naming,
	Stack,
	StackBase,
	StackFeatures,
	Watchable,
} from '../stack/stack.ts';
export { type FlowTuning, type PortTuning, type Tunable, tuneFlow, tunePort } from '../stack/tuning.ts';
export { kernel } from '../stacks/kernel/kernel.ts';
export { memory } from '../stacks/memory/memory.ts';
