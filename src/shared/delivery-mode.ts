import { z } from "zod";

/** One parcel; all from the nearest location that has it; or several parcels by location. */
export const DeliveryMode = z.enum(["standard", "hyperlocal", "split"]);
export type DeliveryMode = z.infer<typeof DeliveryMode>;
