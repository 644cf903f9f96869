export { type DeviceRow, deleteDevices } from "./devices/device-store.ts";
export { openDevices, sweepDevices, tokenOf } from "./devices/own-devices.ts";
export { type ErasureEnv, sweepErasures } from "./erase-account.ts";
