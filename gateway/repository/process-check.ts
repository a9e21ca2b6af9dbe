/** Whether a process of this machine is alive. */
import { systemCode } from '../../core/errors.js';

/** True also for processes of other users; a process id may have been given to another program since. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
