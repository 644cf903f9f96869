/** Units of one SKU in one line, of a cart and so of an order. */
export const QUANTITY_MAX = 999;
