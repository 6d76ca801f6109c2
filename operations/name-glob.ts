/** Names of resources as users write several at once: `*` for any characters, `?` for one; everything else as it is. */
export function nameGlob(pattern: string): (name: string) => boolean {
	const source = pattern
		.replace(/[.+^${}()|[\]\\]/g, '\\$&')
		.replace(/\*+/g, '.*')
		.replaceAll('?', '.');
	const whole = new RegExp(`^${source}$`, 'su');
	return (name) => whole.test(name);
}
