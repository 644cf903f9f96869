import type { StockLocation } from "../../inventory/index.ts";
import type { DeliveryMode } from "../../shared/delivery-mode.ts";
import { type Minor, minor, money, sumMinor } from "../../shared/money.ts";
import type { ShippingOption } from "../model.ts";
import type { PricedLine } from "../price-lines.ts";
import { shippingOptions } from "../shipping.ts";
import { type Destination, serves } from "./nearest.ts";
import type { ShipmentPart } from "./plan-shipments.ts";

type Priced = {
  mode: DeliveryMode;
  parts: readonly ShipmentPart[];
  lines: readonly PricedLine[];
  address: Destination;
  currency: string;
  /** Of all goods, after discounts: splitting an order takes no free shipping away. */
  worth: Minor;
  /** A promotion pays for the first method. */
  isFree: boolean;
};

/** A parcel's place among the shipments of a quote or an order: unique there, and only there. */
export const shipmentName = (at: number): string => `shp_${at + 1}`;

/**
 * The ways in which these shipments can reach the shopper, each with its price and what of that each
 * shipment bears. Weight counts per shipment; the worth that makes shipping free counts per order.
 */
export function priceShipments(priced: Priced): ShippingOption[] {
  const { mode, parts, lines, address, worth, currency, isFree } = priced;
  const loads = parts.map((part) => loadOf(part, lines));
  if (mode === "hyperlocal" && loads.some(({ requiresShipping }) => requiresShipping)) {
    const location = parts[0]?.location;
    return location ? localOptions(location, priced) : [];
  }
  const offers = loads.map(({ grams, requiresShipping }) =>
    shippingOptions({
      country: address.country,
      worth,
      grams,
      currency,
      requiresShipping,
      isFree,
    }),
  );
  const byRates = offers.filter((_, at) => loads[at]!.requiresShipping);
  // The rates differ by weight alone, so all parcels are offered the same methods.
  const [methods = offers[0] ?? []] = byRates;
  return methods.map(({ code, title }) =>
    optionOf(
      { code, title },
      offers.map((each) => each.find((option) => option.code === code)?.price.amount ?? 0),
      currency,
    ),
  );
}

/** Delivery where the location serves the address, and pickup where it has a counter. */
function localOptions(location: StockLocation, priced: Priced): ShippingOption[] {
  const { address, worth, currency, isFree } = priced;
  const { localDelivery, pickup, name } = location;
  const delivery = serves(location, address) ? localDelivery : null;
  const isOverMark = delivery?.freeFromMinor != null && worth >= delivery.freeFromMinor;
  const offers = [
    ...(delivery
      ? [
          {
            code: "local_delivery",
            title: `Local delivery from ${name}`,
            priceMinor: isOverMark ? 0 : delivery.priceMinor,
          },
        ]
      : []),
    ...(pickup
      ? [{ code: "pickup", title: `Pickup at ${name}`, priceMinor: pickup.priceMinor }]
      : []),
  ];
  return offers.map(({ priceMinor, ...method }, at) =>
    optionOf(method, [isFree && at === 0 ? 0 : priceMinor], currency),
  );
}

function optionOf(
  method: { code: string; title: string },
  parts: readonly number[],
  currency: string,
): ShippingOption {
  return {
    ...method,
    price: money(sumMinor(parts), currency),
    shipments: parts.map((amount, at) => ({
      id: shipmentName(at),
      price: money(minor(amount), currency),
    })),
  };
}

function loadOf({ lines }: ShipmentPart, priced: readonly PricedLine[]) {
  let [grams, requiresShipping] = [0, false];
  for (const { lineId, quantity } of lines) {
    const variant = priced.find(({ line }) => line.lineId === lineId)?.variant;
    grams += quantity * (variant?.grams ?? 0);
    requiresShipping ||= variant?.requiresShipping ?? false;
  }
  return { grams, requiresShipping };
}
