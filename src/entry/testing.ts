/** `post-sockets/testing`: the contracts as suites for node:test, to run against implementations of your own. */

export { codecSuite } from '../testing/codec-suite.ts';
export { flowSuite } from '../testing/flow-suite.ts';
export { framerSuite } from '../testing/framer-suite.ts';
export { type LinkFixture, linkSuite } from '../testing/link-suite.ts';
export { portSuite } from '../testing/port-suite.ts';
export { resolverSuite } from '../testing/resolver-suite.ts';
export { stackSuite } from '../testing/stack-suite.ts';
