/** What people choose most, of eight characters and more, as far as it is not one of the patterns below. */
const COMMON = new Set(
  `password passw0rd p@ssw0rd p@ssword pa55word password1 password12 password123 password1234
  passw0rd1 p@ssw0rd1 welcome1 welcome12 welcome123 letmein1 letmein12 letmein123 iloveyou iloveyou1
  sunshine sunshine1 princess princess1 football football1 baseball baseball1 basketball superman
  superman1 batman123 trustno1 whatever whatever1 starwars starwars1 computer computer1 michelle
  jennifer jessica1 charlie1 michael1 jordan23 liverpool chelsea1 arsenal1 mercedes corvette maverick
  midnight samantha victoria cocacola pokemon1 pokemon123 dragon123 monkey123 shadow123 master123
  admin123 admin1234 administrator changeme changeme1 changeme123 default1 temp1234 test1234 testtest
  testing1 testing123 secret123 guest123 user1234 qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234
  qwerty12345 qwertz123 qwertzuiop azertyui azertyuiop asdfghjk asdfghjkl asdf1234 zxcvbnm1 zxcvbnm123
  1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc zaq12wsx qazwsxedc q1w2e3r4 q1w2e3r4t5 abcd1234 abc12345
  abc123456 a1b2c3d4 aa123456 a123456789 1234qwer 123qweasd 123456789a 12345678a 123456abc 123abc123
  87654321 987654321 0987654321 12344321 11223344 112233445566 123123123 121212121 147258369 159753456
  789456123 741852963 102030405060 5201314520 woaini1314 ichliebedich motdepasse contraseña passwort
  passwort1 hallo123 schatz123 bonjour123 frontage frontage1 shopping shopping1`.split(/\s+/),
);

/** One sign again and again, or digits and letters in their order. */
const PATTERNS = [/^(.)\1+$/u, /^(.{1,3})\1{2,}$/u];
const SEQUENCE = "01234567890123456789abcdefghijklmnopqrstuvwxyz";

/** Whether a password is among the first that anybody tries. */
export function isCommon(password: string): boolean {
  const plain = password.normalize("NFKC").toLowerCase();
  return (
    COMMON.has(plain) || SEQUENCE.includes(plain) || PATTERNS.some((pattern) => pattern.test(plain))
  );
}
