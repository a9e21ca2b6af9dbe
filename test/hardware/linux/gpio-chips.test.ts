import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listGpioChips, pickHeaderChip } from '../../../hardware/linux/gpio-chips.js';
import { fakeMachine, raspberryPi5 } from '../../support/fake-sysfs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('GPIO chips in a fake sysfs tree (discovery only, no GPIO here)', () => {
  it('are listed by base, each with label and number of lines', async () => {
    const { sysfsRoot } = await fakeMachine(raspberryPi5);
    expect(await listGpioChips(sysfsRoot)).toEqual([
      { name: 'gpiochip512', label: 'gpio-brcmstb@107d508500', base: 512, lines: 32 },
      { name: 'gpiochip571', label: 'pinctrl-rp1', base: 571, lines: 54 },
    ]);
  });

  it('are none where sysfs has no GPIO', async () => {
    expect(await listGpioChips(join(await temporaryFolder(), 'absent'))).toEqual([]);
  });

  it('are left out when their files make no sense', async () => {
    const chips = {
      gpiochip0: { label: 'odd', base: '', ngpio: '8' },
      gpio17: { label: 'x', base: '1', ngpio: '1' },
    };
    const { sysfsRoot } = await fakeMachine({ chips });
    expect(await listGpioChips(sysfsRoot)).toEqual([]);
  });

  it.each(['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1', 'pinctrl-vpi'])(
    'are known by the label %s',
    (label) => {
      const others = { name: 'gpiochip0', label: 'raspberrypi-exp-gpio', base: 0, lines: 8 };
      const header = { name: 'gpiochip8', label, base: 8, lines: 54 };
      expect(pickHeaderChip([others, header])).toBe(header);
      expect(pickHeaderChip([others])).toBeUndefined();
    },
  );

  it('are known by configured labels instead, the first label first', () => {
    const a = { name: 'gpiochip0', label: 'a', base: 0, lines: 8 };
    const b = { name: 'gpiochip8', label: 'b', base: 8, lines: 8 };
    expect(pickHeaderChip([a, b], ['b', 'a'])).toBe(b);
  });
});
