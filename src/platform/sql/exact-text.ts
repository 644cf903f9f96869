import { customType } from "drizzle-orm/mysql-core";

/**
 * A column that is compared byte by byte, as objects, processors and code compare: the database's own
 * comparison takes "é" for "e" and "A" for "a".
 */
export const exactText = customType<{ data: string; config: { length: number } }>({
  dataType: (config) => `varchar(${config?.length}) character set utf8mb4 collate utf8mb4_bin`,
});
