/** Postal codes as they are compared: `sw1a 1aa` and `SW1A1AA` are one. */
export const normalPostalCode = (text: string): string =>
  text.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
