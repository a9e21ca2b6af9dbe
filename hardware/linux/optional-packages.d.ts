// The optional packages, declared here so that the code also compiles where they are not installed.
declare module 'onoff' {
  export const Gpio: unknown;
}
declare module 'i2c-bus' {
  export const openPromisified: unknown;
}
declare module 'koffi' {
  const koffi: unknown;
  export default koffi;
}
