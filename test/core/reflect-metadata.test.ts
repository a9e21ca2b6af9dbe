import { expect, it } from 'vitest';
import { installReflectMetadata } from '../../core/reflect-metadata.js';

interface Functions {
  defineMetadata(key: string, value: unknown, target: object): void;
  getOwnMetadata(key: string, target: object): unknown;
  getMetadata(key: string, target: object): unknown;
}

it('keeps values per target and key, and finds them through the prototypes', () => {
  const reflect = {} as Functions;
  installReflectMetadata(reflect as object);
  class Base {}
  class Derived extends Base {}
  reflect.defineMetadata('a', 1, Base);
  reflect.defineMetadata('b', undefined, Base);
  reflect.defineMetadata('a', 2, Object.prototype);
  expect(reflect.getMetadata('a', Derived)).toBe(1);
  expect(reflect.getOwnMetadata('a', Derived)).toBeUndefined();
  expect(reflect.getOwnMetadata('a', Base)).toBe(1);
  expect(reflect.getMetadata('c', Derived)).toBeUndefined();
  expect(reflect.getMetadata('a', {})).toBe(2);
});

it('leaves an implementation that is there alone', () => {
  const getMetadata = () => 'theirs';
  const reflect = { getMetadata };
  installReflectMetadata(reflect);
  expect(reflect).toEqual({ getMetadata });
});
