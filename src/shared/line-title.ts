/**
 * What a line of a cart, a quote and an order is called. A product without options has one variant, which
 * bears the product's own title: that is not said twice.
 */
export const lineTitle = (productTitle: string, variantTitle: string): string =>
  variantTitle === productTitle ? productTitle : `${productTitle} - ${variantTitle}`;
