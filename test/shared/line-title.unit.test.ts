import { it } from "vitest";
import { lineTitle } from "../../src/shared/line-title.ts";

it("names a line after its product, and after its variant where there are several", ({
  expect,
}) => {
  expect(lineTitle("Tent", "Large")).toBe("Tent - Large");
  expect(lineTitle("Lantern", "Lantern")).toBe("Lantern");
});
