/**
 * A place's rule. `rate` is in thousandths of a percent: 7,250 is 7.25 %. Where prices include the
 * tax, nothing is added to them and the quote says how much of them it is.
 */
export type TaxRule = {
  rate: number;
  pricesInclude: boolean;
  taxesShipping: boolean;
  /** By code or by name, as people write it; they differ from the country in their rate alone. */
  regions?: Readonly<Record<string, { name: string; rate: number }>>;
};

const vat = (rate: number): TaxRule => ({ rate, pricesInclude: true, taxesShipping: true });
const region = (name: string, rate: number) => ({ name, rate });

/**
 * Sample rates, for the country (and region) of delivery; anywhere else nothing is taxed. State rates
 * of the US without those of counties and cities: a shop that must be exact puts a tax service behind
 * `taxQuote`.
 */
export const TAX_RULES: Readonly<Record<string, TaxRule>> = {
  US: {
    rate: 0,
    pricesInclude: false,
    taxesShipping: false,
    regions: {
      AZ: region("Arizona", 5_600),
      CA: region("California", 7_250),
      CO: region("Colorado", 2_900),
      FL: region("Florida", 6_000),
      GA: region("Georgia", 4_000),
      IL: region("Illinois", 6_250),
      MA: region("Massachusetts", 6_250),
      MI: region("Michigan", 6_000),
      NC: region("North Carolina", 4_750),
      NJ: region("New Jersey", 6_625),
      NY: region("New York", 4_000),
      OH: region("Ohio", 5_750),
      PA: region("Pennsylvania", 6_000),
      TN: region("Tennessee", 7_000),
      TX: region("Texas", 6_250),
      VA: region("Virginia", 4_300),
      WA: region("Washington", 6_500),
      // Without a sales tax of the state: Alaska, Delaware, Montana, New Hampshire, Oregon.
    },
  },
  CA: {
    rate: 5_000,
    pricesInclude: false,
    taxesShipping: true,
    regions: {
      BC: region("British Columbia", 12_000),
      NS: region("Nova Scotia", 14_000),
      ON: region("Ontario", 13_000),
      QC: region("Quebec", 14_975),
    },
  },
  AT: vat(20_000),
  AU: vat(10_000),
  BE: vat(21_000),
  CH: vat(8_100),
  DE: vat(19_000),
  DK: vat(25_000),
  ES: vat(21_000),
  FI: vat(25_500),
  FR: vat(20_000),
  GB: vat(20_000),
  IE: vat(23_000),
  IT: vat(22_000),
  JP: vat(10_000),
  NL: vat(21_000),
  NO: vat(25_000),
  NZ: vat(15_000),
  PL: vat(23_000),
  PT: vat(23_000),
  SE: vat(25_000),
};
