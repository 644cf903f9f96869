import type { SqlError } from "mariadb";

type VitessCode =
  | "ABORTED"
  | "ALREADY_EXISTS"
  | "CANCELED"
  | "DEADLINE_EXCEEDED"
  | "FAILED_PRECONDITION"
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "UNAVAILABLE"
  | "UNIMPLEMENTED"
  | "UNKNOWN";

/** A refusal by the gateway itself, in Vitess's vocabulary. */
export class VitessError extends Error {
  readonly code: VitessCode;
  constructor(code: VitessCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type VitessErrorBody = { code: VitessCode; message: string };
type MySqlFailure = { errno: number; sqlState: string; text: string; code: VitessCode };

/** MySQL error number → Vitess code, as vttablet classifies them. Anything else is UNKNOWN. */
const ERRNOS_BY_CODE: Partial<Record<VitessCode, readonly number[]>> = {
  UNIMPLEMENTED: [1235],
  RESOURCE_EXHAUSTED: [
    1021, 1037, 1038, 1040, 1041, 1114, 1129, 1135, 1151, 1153, 1203, 1206, 1226,
  ],
  DEADLINE_EXCEEDED: [1205, 3024],
  UNAVAILABLE: [1053, 2002, 2003, 2006, 2013],
  NOT_FOUND: [1029, 1032, 1054, 1094, 1109, 1122, 1141, 1146, 1147, 1176],
  PERMISSION_DENIED: [1044, 1045, 1095, 1142, 1143, 1211, 1227],
  FAILED_PRECONDITION: [
    1046, 1082, 1091, 1099, 1100, 1104, 1148, 1162, 1165, 1169, 1173, 1179, 1207, 1215, 1216, 1217,
    1223, 1230, 1241, 1242, 1264, 1288, 1289, 1290, 1291, 1451, 1452, 1792,
  ],
  ALREADY_EXISTS: [1050, 1062, 1086, 1125],
  ABORTED: [1078, 1080, 1152, 1213],
  INVALID_ARGUMENT: [
    1047, 1048, 1049, 1051, 1052, 1055, 1056, 1057, 1058, 1059, 1060, 1061, 1063, 1064, 1065, 1066,
    1067, 1068, 1069, 1070, 1071, 1072, 1073, 1074, 1075, 1083, 1084, 1085, 1089, 1090, 1093, 1096,
    1097, 1101, 1102, 1103, 1106, 1107, 1108, 1110, 1111, 1113, 1115, 1116, 1117, 1118, 1120, 1121,
    1128, 1136, 1138, 1139, 1140, 1144, 1149, 1166, 1167, 1170, 1171, 1172, 1193, 1204, 1210, 1221,
    1222, 1225, 1228, 1229, 1231, 1232, 1233, 1234, 1238, 1239, 1240, 1245, 1247, 1248, 1250, 1253,
    1267, 1270, 1271, 1272, 1273, 1280, 1281, 1283, 1292, 1293, 1294, 1298, 1300, 1366, 1406, 1690,
  ],
};
const CODE_BY_ERRNO = new Map(
  Object.entries(ERRNOS_BY_CODE).flatMap(([code, errnos]) =>
    errnos.map((errno) => [errno, code as VitessCode] as const),
  ),
);

const SQL_IN_ERROR_LENGTH_MAX = 512;

/** The wire error: Vitess's code, and its text with MySQL's number and state inside. */
export function vitessErrorBody(
  error: unknown,
  context: { database: string; callerId: string; sql: string },
): VitessErrorBody {
  const { code, text } = error instanceof VitessError ? ownRefusal(error) : mySqlRefusal(error);
  const sql =
    context.sql.length > SQL_IN_ERROR_LENGTH_MAX
      ? `${context.sql.slice(0, SQL_IN_ERROR_LENGTH_MAX)} [TRUNCATED]`
      : context.sql;
  return {
    code,
    message:
      `target: ${context.database}.-.primary: vttablet: rpc error: code = ${grpcName(code)} desc = ${text}` +
      ` (CallerID: ${context.callerId}): Sql: ${JSON.stringify(sql)}, BindVars: {REDACTED}`,
  };
}

/** True when the connection is of no further use: the server is gone, or it closed the session. */
export function isConnectionLost(error: unknown): boolean {
  return !(error instanceof VitessError) && (error as Partial<SqlError>).fatal === true;
}

/** True for errors by which the server has rolled back the whole transaction, not one statement. */
export function endsTransaction(error: unknown): boolean {
  return isConnectionLost(error) || (error as Partial<SqlError>).errno === 1213;
}

function ownRefusal({ code, message }: VitessError) {
  return { code, text: message };
}

function mySqlRefusal(error: unknown) {
  const { errno, sqlState, text, code } = asMySql(error as Partial<SqlError> & Error);
  return { code, text: `${text} (errno ${errno}) (sqlstate ${sqlState})` };
}

/** MariaDB's own error numbers and texts, turned into what MySQL 8 says in the same place. */
function asMySql(error: Partial<SqlError> & Error): MySqlFailure {
  const errno = error.errno ?? 0;
  const text = error.sqlMessage ?? error.message;
  const code = CODE_BY_ERRNO.get(errno);
  if (code) return { errno, sqlState: error.sqlState ?? "HY000", text, code };
  switch (errno) {
    case 4025: {
      const constraint = /CONSTRAINT `([^`]*)`/.exec(text)?.[1] ?? "";
      const violated = `Check constraint '${constraint}' is violated.`;
      return { errno: 3819, sqlState: "HY000", text: violated, code: "UNKNOWN" };
    }
    case 1969: {
      const interrupted =
        "Query execution was interrupted, maximum statement execution time exceeded";
      return { errno: 3024, sqlState: "HY000", text: interrupted, code: "DEADLINE_EXCEEDED" };
    }
    default:
  }
  if (error.fatal !== true) {
    return { errno, sqlState: error.sqlState ?? "HY000", text, code: "UNKNOWN" };
  }
  return connectNeverWorked(error)
    ? { errno: 2002, sqlState: "HY000", text: "Can't connect to MySQL server", code: "UNAVAILABLE" }
    : {
        errno: 2013,
        sqlState: "HY000",
        text: "Lost connection to MySQL server during query",
        code: "UNAVAILABLE",
      };
}

const CONNECT_FAILURES = new Set(["ECONNREFUSED", "ENOENT", "ER_CONNECTION_TIMEOUT", "ETIMEDOUT"]);
function connectNeverWorked(error: Partial<SqlError>): boolean {
  const cause = (error as { cause?: { code?: string } }).cause;
  return CONNECT_FAILURES.has(error.code ?? "") || CONNECT_FAILURES.has(cause?.code ?? "");
}

/** ALREADY_EXISTS → AlreadyExists: the name that gRPC's Go code prints in messages. */
function grpcName(code: VitessCode): string {
  return code
    .split("_")
    .map((word) => word[0] + word.slice(1).toLowerCase())
    .join("");
}
