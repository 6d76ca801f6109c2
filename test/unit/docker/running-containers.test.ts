import { healthIn } from '../../../docker/running-containers';

test.each([
	['Up 5 minutes (healthy)', 'healthy'],
	['Up 2 hours (unhealthy)', 'unhealthy'],
	['Up 2 seconds (health: starting)', 'starting'],
	['Up 5 minutes', null],
	['Up 5 minutes (Paused)', null],
	['Exited (0) 2 days ago', null],
])('the health in %j is %p', (status, health) => {
	expect(healthIn(status)).toBe(health);
});
