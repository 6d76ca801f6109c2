/**
 * In jest's sandbox, errors that Node itself makes are not `instanceof Error`, and the AWS SDK hides what is not.
 * Importing this makes them so again, for `Error` itself and for no class derived from it.
 */
import { types } from 'node:util';

const usual = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
	value(this: unknown, value: unknown): boolean {
		return this === Error ? types.isNativeError(value) : usual.call(this as typeof Error, value);
	},
});
