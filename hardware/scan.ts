/**
 * What is on an I2C bus, as far as can be told without changing anything: every address is asked for one
 * byte, and only where a known chip may live are registers read that identify it. A read sends the chip
 * the number of the register and nothing else; no register is ever written. Chips that do not answer a bare
 * read before they have a command (SHT31) are not seen.
 */
import { GatehouseError, interrupted } from '../core/errors.js';
import type { I2cBus } from './ports.js';
import { type Candidate, candidatesAt } from './scan-signs.js';

export interface ScanFinding {
  readonly address: number;
  /** Name of the chip in the configuration, or what it is called; undefined when nothing is known. */
  readonly chip: string | undefined;
  /** `sure` by an id or a signature; `likely` when it behaves as one; `maybe` by its address alone. */
  readonly certainty: 'sure' | 'likely' | 'maybe' | 'unknown' | 'kernel';
  /** One sentence. */
  readonly detail: string;
}

// UM10204 3.1.12: the addresses that are not reserved.
const firstAddress = 0x08;
const lastAddress = 0x77;

/** @throws INTERRUPTED; the bus's errors, but those that say that nothing is there. */
export async function scanBus(bus: I2cBus, signal?: AbortSignal): Promise<ScanFinding[]> {
  const findings: ScanFinding[] = [];
  for (let address = firstAddress; address <= lastAddress; address += 1) {
    if (signal?.aborted) throw interrupted(signal.reason);
    const presence = await presenceAt(bus, address);
    if (presence === 'kernel') {
      findings.push({
        address,
        chip: undefined,
        certainty: 'kernel',
        detail: 'A driver of the kernel holds this address.',
      });
    }
    if (presence === 'answers') findings.push(await identify(bus, address));
  }
  return findings;
}

async function presenceAt(bus: I2cBus, address: number): Promise<'answers' | 'kernel' | 'nothing'> {
  try {
    await bus.receive(address, 1);
    return 'answers';
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    if (error.code === 'I2C_NO_DEVICE') return 'nothing';
    if (error.code === 'I2C_ADDRESS_BUSY') return 'kernel';
    // Some chips do not like to be read before they were told what to do; others may still be there.
    if (error.code === 'I2C_FAILED' || error.code === 'I2C_SHORT_READ') return 'answers';
    throw error;
  }
}

async function identify(bus: I2cBus, address: number): Promise<ScanFinding> {
  const candidates = candidatesAt(address);
  for (const candidate of candidates) {
    if (candidate.sign === undefined) continue;
    const saw = await candidate.sign(readerAt(bus, address)).catch(() => undefined);
    if (saw === undefined) continue;
    const certainty = candidate.weak === true ? 'likely' : 'sure';
    return { address, chip: candidate.chip, certainty, detail: `${candidate.title}: ${saw}.` };
  }
  return byAddressAlone(
    address,
    candidates.filter(({ sign }) => sign === undefined),
  );
}

function byAddressAlone(address: number, candidates: readonly Candidate[]): ScanFinding {
  const [first] = candidates;
  if (first === undefined) {
    return {
      address,
      chip: undefined,
      certainty: 'unknown',
      detail: 'Something that Gatehouse does not know.',
    };
  }
  const titles = candidates.map(({ title }) => title).join(' or ');
  return { address, chip: first.chip, certainty: 'maybe', detail: `Perhaps ${titles}, by its address.` };
}

export interface RegisterReader {
  byte(register: number): Promise<number>;
  word(register: number): Promise<number>;
}

function readerAt(bus: I2cBus, address: number): RegisterReader {
  return {
    byte: async (register) => (await bus.readRegisters(address, register, 1))[0] ?? 0,
    word: async (register) => {
      const [high = 0, low = 0] = await bus.readRegisters(address, register, 2);
      return (high << 8) | low;
    },
  };
}
