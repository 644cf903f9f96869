import { describe, it } from "vitest";

const script = "../../web/pages/sign-in-answer.js";
const { readReturn, isIssuerAddress, secondFactorOf } = (await import(script)) as {
  readReturn(search: string): { back?: object; refused?: true };
  isIssuerAddress(text: string): boolean;
  secondFactorOf(text: string): object;
};

describe("the sign-in page", () => {
  it("reads what an issuer brought back, and that it refused", ({ expect }) => {
    expect(readReturn("")).toEqual({});
    expect(readReturn("?code=a%2Bb&state=s&iss=https%3A%2F%2Fi.example")).toEqual({
      back: { code: "a+b", state: "s", iss: "https://i.example" },
    });
    expect(readReturn("?code=a&state=s")).toEqual({ back: { code: "a", state: "s" } });
    expect(readReturn("?code=a")).toEqual({});
    expect(readReturn("?error=access_denied&state=s&code=a")).toEqual({ refused: true });
  });

  it.for([
    ["https://accounts.example/authorize?x=y", true],
    ["http://127.0.0.1:4000/authorize", true],
    ["http://accounts.example/authorize", false],
    ["http://127.0.0.1.evil.example/", false],
    ["javascript:alert(1)//https://accounts.example", false],
    ["//evil.example", false],
    ["data:text/html,x", false],
  ] as const)("sends a browser to %s: %s", ([address, isSent], { expect }) => {
    expect(isIssuerAddress(address)).toBe(isSent);
  });

  it("tells an app's code from a recovery code", ({ expect }) => {
    expect(secondFactorOf(" 123456 ")).toEqual({ code: "123456" });
    expect(secondFactorOf("abcd-efgh-ijkl")).toEqual({ recoveryCode: "abcd-efgh-ijkl" });
  });
});
