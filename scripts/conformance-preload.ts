/** Loaded into every process of tests: a test that asserts for the first time says so in a diagnostic of its own. */

import loose from 'node:assert';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { getTestContext, type SuiteContext, type TestContext } from 'node:test';
import { asserted } from './conformance-trial.ts';

const known = new WeakSet<TestContext | SuiteContext>();

for (const assert of [loose, loose.strict]) {
	const methods = assert as unknown as Record<string, (...args: unknown[]) => unknown>;
	for (const [name, method] of Object.entries(methods)) {
		if (typeof method !== 'function' || name === 'strict' || !/^[a-z]/.test(name)) continue;
		methods[name] = function (this: unknown, ...args) {
			note();
			return method.apply(this, args);
		};
	}
}
syncBuiltinESMExports();

// `assert(value)` is a call of the module itself, which cannot be changed: who imports it gets a module of ours instead.
const modules = /^(?:node:)?assert(\/strict)?$/;
const ours = 'conformance:';
Object.defineProperty(globalThis, Symbol.for(ours), { value: note });
registerHooks({
	resolve: (specifier, context, next) =>
		modules.test(specifier) && !context.parentURL?.startsWith(ours) && context.parentURL?.startsWith('file:')
			? { url: `${ours}assert${modules.exec(specifier)![1] ?? ''}`, format: 'module', shortCircuit: true }
			: next(specifier, context),
	load: (url, context, next) =>
		url.startsWith(ours) ? { format: 'module', source: source(url), shortCircuit: true } : next(url, context),
});

function source(url: string): string {
	const real = JSON.stringify(url.replace(ours, 'node:'));
	return `import assert from ${real};
export * from ${real};
export default new Proxy(assert, {
	apply(target, self, args) {
		globalThis[Symbol.for('${ours}')]();
		return Reflect.apply(target, self, args);
	},
});`;
}

function note(): void {
	const context = getTestContext();
	if (!context || known.has(context) || !('diagnostic' in context)) return;
	known.add(context);
	context.diagnostic(asserted);
}
