/**
 * What was asked for lately, made once and kept for a while: the newest `most` values by key. A value that could
 * not be made is kept, too: what is damaged is not read again for everyone who asks.
 */
export function recent<K, V>(most: number): (key: K, make: () => Promise<V>) => Promise<V> {
	const kept = new Map<K, Promise<V>>();
	return (key, make) => {
		const value = kept.get(key) ?? make();
		kept.delete(key);
		kept.set(key, value);
		for (const oldest of kept.keys()) {
			if (kept.size <= most) break;
			kept.delete(oldest);
		}
		return value;
	};
}
