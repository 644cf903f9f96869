import { openAmong } from "../../identity/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { secretsAtRest } from "../../platform/secrets/at-rest.ts";
import { logError, logInfo } from "../../platform/telemetry/log.ts";
import { timestamp } from "../../shared/clock.ts";
import { sha256Hex } from "../../shared/digest.ts";
import { DeviceId, derivedSuffix, type SessionId, type UserId } from "../../shared/ids.ts";
import {
  type DeviceRow,
  deleteDevices,
  postponeCheck,
  readDevices,
  readDueDevices,
  saveDevice,
} from "./device-store.ts";
import { DEVICES_MAX, type Device, type NewDevice } from "./model.ts";

type DeviceIo = Pick<Io, "sql" | "clock">;

const tokens = secretsAtRest("frontage device tokens at rest");
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Sessions end by themselves too, and nobody tells the devices. */
const CHECK_AGAIN_MS = 24 * 60 * 60 * 1_000;

/**
 * Registers a device under a session: the same token again is the same device, and one that another
 * account had is from now on this one's. Two at once may pass the limit for a moment; the next one mends it.
 */
export async function registerDevice(
  io: DeviceIo & Pick<Io, "config">,
  { userId, sessionId }: { userId: UserId; sessionId: SessionId },
  { token, platform, locale, name }: NewDevice,
): Promise<Device> {
  const nowMs = io.clock.nowMs();
  const tokenHash = await sha256Hex(token);
  const id = DeviceId.parse(`dev_${await derivedSuffix("push-device", `${userId}\n${tokenHash}`)}`);
  const sealed = await tokens.encrypt(
    io.config.AUTH_KEYS.seals,
    id,
    new Uint8Array(encoder.encode(token)),
  );
  const times = { createdAtMs: nowMs, lastSeenAtMs: nowMs, checkDueMs: nowMs + CHECK_AGAIN_MS };
  const said = { platform, locale: locale ?? null, name: name ?? null };
  const row = { tokenHash, id, userId, sessionId, token: sealed, ...said, ...times };
  await saveDevice(io.sql, row);
  const devices = await openDevices(io, userId);
  const over = devices.slice(DEVICES_MAX);
  await deleteDevices(io.sql, over);
  return deviceView(devices.find((device) => device.id === id) ?? row, sessionId);
}

/**
 * A shopper's devices, the last seen first. A device is as long as the session is that registered it: the
 * rows of those that ended are deleted wherever they are met.
 */
export async function openDevices(io: DeviceIo, userId: UserId): Promise<DeviceRow[]> {
  const rows = await readDevices(io.sql, userId);
  const { open, ended } = await bySession(io, rows);
  await deleteDevices(io.sql, ended);
  return open;
}

async function bySession(
  { sql, clock }: DeviceIo,
  rows: readonly DeviceRow[],
): Promise<{ open: DeviceRow[]; ended: DeviceRow[] }> {
  const ids = [...new Set(rows.map(({ sessionId }) => sessionId))];
  const stillOpen = await openAmong(sql, ids, clock.nowMs());
  const isOpen = ({ sessionId }: DeviceRow) => stillOpen.has(sessionId);
  return { open: rows.filter(isOpen), ended: rows.filter((row) => !isOpen(row)) };
}

/**
 * The provider's name of a device; undefined where nothing opens it any more, since its seal was taken
 * away. The device brings it again when it registers anew.
 */
export async function tokenOf(
  { config }: Pick<Io, "config">,
  { id, token }: Pick<DeviceRow, "id" | "token">,
): Promise<string | undefined> {
  try {
    return decoder.decode((await tokens.decrypt(config.AUTH_KEYS.seals, id, token)).secret);
  } catch (error) {
    logError("account.device_sealed", error, { deviceId: id });
    return undefined;
  }
}

const SWEEP_MAX = 500;

/** Deletes the devices of sessions that have ended, as many as one sweep may look at. */
export async function sweepDevices(
  io: DeviceIo & Pick<Io, "trace">,
): Promise<{ swept: number; failed: number }> {
  const nowMs = io.clock.nowMs();
  const due = await readDueDevices(io.sql, { nowMs, limit: SWEEP_MAX });
  const { open, ended } = await bySession(io, due);
  await postponeCheck(io.sql, open, nowMs + CHECK_AGAIN_MS);
  const swept = await deleteDevices(io.sql, ended);
  if (swept > 0) logInfo("account.devices_ended", { swept, trace: io.trace });
  return { swept, failed: 0 };
}

export const deviceView = (row: DeviceRow, sessionId: SessionId): Device => ({
  ...deviceOnly(row),
  current: row.sessionId === sessionId,
});

/** Whoever asks; the token is nobody's to read. */
export const deviceOnly = (row: DeviceRow): Omit<Device, "current"> => ({
  id: row.id,
  platform: row.platform,
  locale: row.locale,
  name: row.name,
  createdAt: timestamp(row.createdAtMs),
  lastSeenAt: timestamp(row.lastSeenAtMs),
});
