import real from "../../../../workers/refunds/index.ts";
import { watchConsumer } from "./consumer.ts";

export default watchConsumer(real);
